// Secrets as they lie in the database: AES-256-GCM with a data key for each secret, which the master key wraps (an envelope). What is
// sealed is bound to its place: copied to another row, column or workspace it does not open.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Sealed } from '../../db/schema/sealed.ts';
import { faultError } from '../../replication/model/fault.ts';
import { type MasterKey, readKeyRing } from './key-ring.ts';

/** Where a sealed value lies. */
export interface SealedAt {
  workspaceId: string;
  table: string;
  /** The row's id. */
  row: string;
  column: string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @throws `secret-key-missing` when there is no master key */
export function seal(text: string, at: SealedAt, keys: readonly MasterKey[] = readKeyRing()): Sealed {
  const [master] = keys;
  if (!master) throw faultError('secret-key-missing');
  const dataKey = randomBytes(32);
  return {
    key: master.id,
    wrapped: encrypt(master.key, dataKey, bound(at, 'key')),
    text: encrypt(dataKey, Buffer.from(text), bound(at, 'text')),
  };
}

/** @throws `secret-key-missing` without the key that it names, `secret-unreadable` when it does not open */
export function unseal(sealed: Sealed, at: SealedAt, keys: readonly MasterKey[] = readKeyRing()): string {
  const dataKey = unwrap(sealed, at, keys);
  return opened(sealed, () => decrypt(dataKey, sealed.text, bound(at, 'text'))).toString();
}

/** The same secret under the first master key; null when it is already. The secret itself is not opened. @throws as `unseal` */
export function rewrap(sealed: Sealed, at: SealedAt, keys: readonly MasterKey[] = readKeyRing()): Sealed | null {
  const [master] = keys;
  if (!master) throw faultError('secret-key-missing');
  if (sealed.key === master.id) return null;
  const wrapped = encrypt(master.key, unwrap(sealed, at, keys), bound(at, 'key'));
  return { key: master.id, wrapped, text: sealed.text };
}

/** What nobody can foresee who has not the master key, and what is the same whenever it is asked for. Null without a key. */
export function keyedHash(text: string, keys: readonly MasterKey[] = readKeyRing()): string | null {
  const [master] = keys;
  return master ? createHmac('sha256', master.key).update(text).digest('hex') : null;
}

function unwrap(sealed: Sealed, at: SealedAt, keys: readonly MasterKey[]): Buffer {
  const master = keys.find(({ id }) => id === sealed.key);
  if (!master)
    throw faultError('secret-key-missing', {
      message: `A secret is sealed with the key ${sealed.key}, which is not in LANDFALL_SECRET_KEY.`,
    });
  return opened(sealed, () => decrypt(master.key, sealed.wrapped, bound(at, 'key')));
}

function opened(sealed: Sealed, open: () => Buffer): Buffer {
  try {
    return open();
  } catch (error) {
    throw faultError('secret-unreadable', {
      message: `A secret does not open with the key ${sealed.key}.`,
      cause: (error as Error).message,
    });
  }
}

/** Additional data: no two places give the same, since the parts keep their borders. */
function bound({ workspaceId, table, row, column }: SealedAt, part: 'key' | 'text'): Buffer {
  return Buffer.from(JSON.stringify([part, workspaceId, table, row, column]));
}

function encrypt(key: Buffer, plain: Buffer, aad: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function decrypt(key: Buffer, sealed: string, aad: Buffer): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(-TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
