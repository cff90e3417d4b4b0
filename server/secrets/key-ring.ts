// The master keys of LANDFALL_SECRET_KEY. The first one seals; all of them open, so that keys can be changed while everything runs.

export interface MasterKey {
  id: string;
  key: Buffer;
}

/** How to make one, for messages. */
export const MAKE_A_KEY = 'echo "$(date +%Y-%m):$(openssl rand -base64 32)"';

/** The value of the variable cannot be used. The message is meant for the person who starts the program, and repeats no key. */
export class KeyRingError extends Error {
  override readonly name = 'KeyRingError';
}

/**
 * `id:key,id:key…`, each key 32 bytes in base64. Empty when the variable is not set.
 * @throws KeyRingError naming the entry that is wrong
 */
export function readKeyRing(source: Record<string, string | undefined> = process.env): MasterKey[] {
  const entries = (source.LANDFALL_SECRET_KEY ?? '').split(',').map((entry) => entry.trim());
  const keys: MasterKey[] = [];
  for (const [at, entry] of entries.entries()) {
    if (entry === '') continue;
    const [, id, text] = /^([\w.-]{1,40}):([A-Za-z0-9+/_-]+={0,2})$/.exec(entry) ?? [];
    const which = id ? `the key ${id}` : `entry ${at + 1}`;
    const key = Buffer.from(text ?? '', 'base64');
    if (!id || key.length !== 32) {
      const form = 'It must be a name, a colon and 32 bytes in base64';
      throw new KeyRingError(
        `LANDFALL_SECRET_KEY: ${which} is not of the right form. ${form}; make one: ${MAKE_A_KEY}`,
      );
    }
    if (keys.some((known) => known.id === id))
      throw new KeyRingError(`LANDFALL_SECRET_KEY names ${which} twice: give the new key another name.`);
    keys.push({ id, key });
  }
  return keys;
}
