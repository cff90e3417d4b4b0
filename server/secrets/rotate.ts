// Wraps everything that is sealed with the first master key, while everything runs.
import type { Queries } from '../../db/client.ts';
import { FaultError } from '../../replication/model/fault.ts';
import { removeSealed, replaceSealed, SEALED_COLUMNS, sealedRows } from './columns.ts';
import { KeyRingError, type MasterKey, readKeyRing } from './key-ring.ts';
import { rewrap } from './seal.ts';

const BATCH = 200;
/** Each sees what was written under an old key during the one before; programs that still seal with it would go on for ever. */
const MOST_PASSES = 20;

export interface Rotated {
  /** The id of the key that wraps everything now. */
  key: string;
  count: number;
  /** What did not open, by table and row: it stays as it was. */
  failed: { table: string; row: string; reason: string }[];
}

/** Whoever writes a secret meanwhile loses nothing: a value is only put in the place of the one that was read. @throws KeyRingError */
export async function rotateSecrets(db: Queries, keys: readonly MasterKey[] = readKeyRing()): Promise<Rotated> {
  const [master] = keys;
  if (!master) throw new KeyRingError('LANDFALL_SECRET_KEY is not set: there is no key to rotate to.');
  let count = 0;
  for (let pass = 1; ; pass += 1) {
    const { changed, missed, failed } = await onePass(db, keys, master.id);
    count += changed;
    if ((changed === 0 && missed === 0) || pass === MOST_PASSES) return { key: master.id, count, failed };
  }
}

async function onePass(db: Queries, keys: readonly MasterKey[], otherThan: string) {
  const failed: Rotated['failed'] = [];
  let changed = 0;
  let missed = 0;
  for (const column of SEALED_COLUMNS) {
    let after: string | undefined;
    for (;;) {
      const rows = await sealedRows(db, column, { otherThan, after, limit: BATCH });
      for (const row of rows) {
        try {
          const by = rewrap(row.sealed, row.at, keys);
          if (by && (await replaceSealed(db, column, row, by))) changed += 1;
          else missed += 1;
        } catch (error) {
          if (!(error instanceof FaultError)) throw error;
          failed.push({ table: row.at.table, row: row.at.row, reason: error.fault.message });
        }
      }
      after = rows.at(-1)?.at.row;
      if (after === undefined) break;
    }
  }
  return { changed, missed, failed };
}

/** Takes out what was sealed with a key that is lost. @throws KeyRingError when it is not lost */
export async function giveUpSecrets(
  db: Queries,
  key: string,
  keys: readonly MasterKey[] = readKeyRing(),
): Promise<{ table: string; row: string }[]> {
  if (keys.some(({ id }) => id === key))
    throw new KeyRingError(`The key ${key} is in LANDFALL_SECRET_KEY: nothing is given up that can be opened.`);
  const rows = await Promise.all(
    SEALED_COLUMNS.map(async (column) =>
      (await removeSealed(db, column, key)).map((row) => ({ table: column.name.table, row })),
    ),
  );
  return rows.flat();
}
