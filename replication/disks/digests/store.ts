// Where digest sets lie, and what it means when one of them cannot be trusted.
// S3 implements the port; the files of this folder use it, and steps read the doubt.

/** Objects by key. A key is written once by whoever owns its prefix; a set that is read is never written again. */
export interface DigestStore {
  /** The whole object, or null where there is none. */
  get(key: string, signal: AbortSignal): Promise<Uint8Array | null>;
  put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
}

export type DoubtReason =
  /** An object that the set names is not there. */
  | 'missing'
  /** An object is not the one that was written: its SHA-256 differs. */
  | 'altered'
  /** An object is intact, but nothing that this code can read. */
  | 'unreadable'
  /** The disk has become smaller than the one that the set is of. */
  | 'shrunk';

/** The digests of a baseline cannot be relied upon. Trying again does not help; a full copy does. */
export class DigestDoubt extends Error {
  readonly reason: DoubtReason;
  /** The object that is in doubt; null where it is the set as a whole. */
  readonly key: string | null;

  constructor(reason: DoubtReason, key: string | null, message: string) {
    super(message);
    this.name = 'DigestDoubt';
    this.reason = reason;
    this.key = key;
  }
}

/** Reads an object and compares it with the SHA-256 (hex) that it must have. */
export async function getVerified(
  store: DigestStore,
  key: string,
  sha256: string,
  hash: (bytes: Uint8Array) => string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await store.get(key, signal);
  if (bytes === null) throw new DigestDoubt('missing', key, `The digests of the last copy are gone (${key}).`);
  if (hash(bytes) === sha256) return bytes;
  throw new DigestDoubt('altered', key, `The digests of the last copy were changed (${key}).`);
}
