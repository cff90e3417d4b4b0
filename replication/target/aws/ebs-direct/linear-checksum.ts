// The checksum with which a snapshot is completed: SHA-256 over the digests of all written blocks, ascending.
// Blocks come out of order, so the digests of the latest stretch of the disk are kept; older ones are hashed and gone.
import { createHash, type Hash } from 'node:crypto';
import { faultError } from '../../../model/fault.ts';
import { WrittenBlocks } from './written-blocks.ts';

const CHUNK_BLOCKS = 1024;
const DIGEST_BYTES = 32;
/** 512 chunks of 32 KiB are 16 MiB and cover 256 GiB of disk: a block that comes later than that ends the checksum. */
const CHUNKS_KEPT = 512;

interface Chunk {
  known: WrittenBlocks;
  digests: Buffer;
}

export class LinearChecksum {
  readonly #hash: Hash = createHash('sha256');
  readonly #chunksKept: number;
  readonly #chunks = new Map<number, Chunk>();
  /** Chunks before this one are hashed. */
  #from = 0;
  #highest = -1;
  #count = 0;

  constructor(chunksKept = CHUNKS_KEPT) {
    this.#chunksKept = chunksKept;
  }

  /** The same block may come again; @throws `internal` when it comes with another digest. */
  add(index: number, digest: Uint8Array): void {
    const number = Math.floor(index / CHUNK_BLOCKS);
    // Too late: whether it was hashed cannot be told any more. `value` sees by the count whether anything is missing.
    if (number < this.#from) return;
    let chunk = this.#chunks.get(number);
    if (!chunk) {
      chunk = { known: new WrittenBlocks(CHUNK_BLOCKS), digests: Buffer.alloc(CHUNK_BLOCKS * DIGEST_BYTES) };
      this.#chunks.set(number, chunk);
      this.#highest = Math.max(this.#highest, number);
      this.#fold(this.#highest - this.#chunksKept + 1);
    }
    const at = index % CHUNK_BLOCKS;
    const place = chunk.digests.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES);
    if (chunk.known.add(at)) {
      place.set(digest);
      this.#count += 1;
    } else if (!place.equals(digest)) {
      throw faultError('internal', { message: `Block ${index} was written twice with different bytes.` });
    }
  }

  /** Base64; null when not exactly `blocks` blocks went in. */
  value(blocks: number): string | null {
    if (this.#count !== blocks) return null;
    this.#fold(Number.POSITIVE_INFINITY);
    return this.#hash.copy().digest('base64');
  }

  #fold(before: number): void {
    if (before <= this.#from) return;
    const due = [...this.#chunks.keys()].filter((number) => number < before).sort((left, right) => left - right);
    for (const number of due) {
      const { known, digests } = this.#chunks.get(number)!;
      for (const at of known.indexes()) this.#hash.update(digests.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES));
      this.#chunks.delete(number);
    }
    this.#from = before;
  }
}

/**
 * The same checksum from a list of digests that lie elsewhere, both ascending; a written block that the list leaves out
 * held zeros. Base64.
 */
export async function linearChecksumOf(
  written: Iterable<number>,
  digests: AsyncIterable<{ index: number; digest: Uint8Array }>,
  zeroDigest: Uint8Array,
): Promise<string> {
  const whole = createHash('sha256');
  const entries = digests[Symbol.asyncIterator]();
  try {
    let entry = await entries.next();
    for (const index of written) {
      while (!entry.done && entry.value.index < index) entry = await entries.next();
      whole.update(!entry.done && entry.value.index === index ? entry.value.digest : zeroDigest);
    }
  } finally {
    await entries.return?.();
  }
  return whole.digest('base64');
}
