// One chunk of a digest set: the digests of 1,024 neighbouring blocks (512 MiB of disk), and how they are stored.
// An object is nothing but its entries, ascending: block index (u32, little-endian) and SHA-256 (32 bytes). A block of
// zeros has no entry. Only this folder imports it.
import { createHash } from 'node:crypto';

export const BLOCKS_PER_CHUNK = 1024;
export const DIGEST_BYTES = 32;
const ENTRY_BYTES = 4 + DIGEST_BYTES;

export interface DigestEntry {
  readonly index: number;
  /** SHA-256 of the block, 32 bytes. Nobody changes them. */
  readonly digest: Uint8Array;
}

export function chunkOf(index: number): number {
  return Math.floor(index / BLOCKS_PER_CHUNK);
}

/** SHA-256 in hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A chunk in memory: 33 KiB, however many entries it has. */
export class DigestChunk {
  readonly number: number;
  readonly #digests: Buffer;
  readonly #present: Uint8Array;
  #count = 0;

  constructor(number: number, from?: DigestChunk) {
    this.number = number;
    this.#digests = from ? Buffer.from(from.#digests) : Buffer.alloc(BLOCKS_PER_CHUNK * DIGEST_BYTES);
    this.#present = from ? from.#present.slice() : new Uint8Array(BLOCKS_PER_CHUNK);
    this.#count = from?.count ?? 0;
  }

  /** Entries, that is blocks which are not zeros. */
  get count(): number {
    return this.#count;
  }

  /** The digest of block `index`, which must lie in this chunk; null for zeros. */
  get(index: number): Uint8Array | null {
    const place = index % BLOCKS_PER_CHUNK;
    return this.#present[place] ? this.#at(place) : null;
  }

  /** Sets a digest, or by null that the block is zeros. Says whether that changed anything. */
  set(index: number, digest: Uint8Array | null): boolean {
    const place = index % BLOCKS_PER_CHUNK;
    const present = this.#present[place] === 1;
    if (digest === null) {
      this.#present[place] = 0;
      if (present) this.#count -= 1;
      return present;
    }
    if (present && this.#at(place).equals(digest)) return false;
    this.#digests.set(digest, place * DIGEST_BYTES);
    this.#present[place] = 1;
    if (!present) this.#count += 1;
    return true;
  }

  /** The entries from block `from` up to, and without, block `to`, ascending. */
  *entries(from = 0, to = Number.POSITIVE_INFINITY): Generator<DigestEntry> {
    const first = this.number * BLOCKS_PER_CHUNK;
    const end = Math.min(to - first, BLOCKS_PER_CHUNK);
    for (let place = Math.max(from - first, 0); place < end; place += 1) {
      if (this.#present[place]) yield { index: first + place, digest: this.#at(place) };
    }
  }

  encode(): Uint8Array {
    const bytes = Buffer.allocUnsafe(this.#count * ENTRY_BYTES);
    let at = 0;
    for (const { index, digest } of this.entries()) {
      bytes.writeUInt32LE(index, at);
      bytes.set(digest, at + 4);
      at += ENTRY_BYTES;
    }
    return bytes;
  }

  /** Null where the bytes are no chunk of that number with entries below `blocks`. */
  static decode(number: number, bytes: Uint8Array, blocks: number): DigestChunk | null {
    if (bytes.length % ENTRY_BYTES !== 0) return null;
    const chunk = new DigestChunk(number);
    const entries = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let last = -1;
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
      const index = entries.readUInt32LE(at);
      if (index <= last || index >= blocks || chunkOf(index) !== number) return null;
      last = index;
      chunk.set(index, entries.subarray(at + 4, at + ENTRY_BYTES));
    }
    return chunk;
  }

  #at(place: number): Buffer {
    return this.#digests.subarray(place * DIGEST_BYTES, (place + 1) * DIGEST_BYTES);
  }
}
