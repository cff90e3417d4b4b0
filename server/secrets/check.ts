// Whether the master keys that a program was given open what is sealed: asked at its start, before anything fails in the middle.
import type { Queries } from '../../db/client.ts';
import { FaultError } from '../../replication/model/fault.ts';
import { keysInUse, SEALED_COLUMNS, sealedRows } from './columns.ts';
import { KeyRingError, MAKE_A_KEY, type MasterKey, readKeyRing } from './key-ring.ts';
import { unseal } from './seal.ts';

/** A wrong key opens nothing of what it should; one damaged secret among others is the fault of its owner alone. */
const TRIED = 20;

/** @throws KeyRingError that names the key which is missing or wrong, and says what to do */
export async function checkSecrets(db: Queries, keys: readonly MasterKey[] = readKeyRing()): Promise<void> {
  const used = new Set<string>();
  for (const column of SEALED_COLUMNS) for (const key of await keysInUse(db, column)) used.add(key);
  for (const id of used) {
    if (!keys.some((key) => key.id === id)) throw new KeyRingError(lost(id, keys));
    if (!(await opensAny(db, id, keys))) throw new KeyRingError(wrong(id));
  }
}

async function opensAny(db: Queries, key: string, keys: readonly MasterKey[]): Promise<boolean> {
  for (const column of SEALED_COLUMNS) {
    for (const { sealed, at } of await sealedRows(db, column, { key, limit: TRIED })) {
      try {
        unseal(sealed, at, keys);
        return true;
      } catch (error) {
        if (!(error instanceof FaultError)) throw error;
      }
    }
  }
  return false;
}

const RESTORE =
  'It lies in secrets.json of the data folder, or wherever you keep LANDFALL_SECRET_KEY: restore it from a backup and start again. ' +
  'If it is lost for good, docs/operations.md says how to go on without what it sealed.';

function lost(id: string, keys: readonly MasterKey[]): string {
  const given = keys.length > 0 ? `which has only ${keys.map((key) => key.id).join(', ')}` : 'which is not set';
  return `Secrets in the database are sealed with the key ${id}, and it is not in LANDFALL_SECRET_KEY, ${given}. ${RESTORE}`;
}

function wrong(id: string): string {
  return `The key ${id} in LANDFALL_SECRET_KEY is not the one that secrets in the database were sealed with: none of them opens. A new key needs a new name (${MAKE_A_KEY}). ${RESTORE}`;
}
