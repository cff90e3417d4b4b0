// One EBS snapshot's own blocks on disk: a sparse raw file, a bitmap of the blocks written into it, and their digests.
import { createHash } from 'node:crypto';
import { constants, mkdirSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** EBS direct knows only this block size (bytes). */
export const blockSize = 524288;
export const blocksPerGiB = 2048;
const zeroBlock = Buffer.alloc(blockSize);

/** Whether every byte is zero. At most one block long. */
export function isZero(bytes: Uint8Array): boolean {
  return zeroBlock.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
}

interface Handles {
  data: FileHandle;
  bitmap: FileHandle;
  digests: FileHandle;
}

/**
 * Data is written before its bit, and the bit before the caller is answered: after kill -9 every acknowledged block is there.
 * The bitmap is written byte by byte straight from memory, so that two writers of one byte cannot undo each other.
 */
export class BlockFile {
  readonly folder: string;
  readonly blockCount: number;
  #bitmap: Buffer | undefined;
  #handles: Promise<Handles> | undefined;
  readonly #writing = new Map<number, Promise<void>>();
  /** SHA-256 of blocks as they were read from the file, until they are written again. */
  readonly #hashes = new Map<number, Buffer>();
  #writes = 0;
  #users = 0;
  #closeWanted = false;

  constructor(folder: string, blockCount: number) {
    this.folder = folder;
    this.blockCount = blockCount;
  }

  get #bits(): Buffer {
    if (!this.#bitmap) {
      this.#bitmap = Buffer.alloc(Math.ceil(this.blockCount / 8));
      try {
        readFileSync(join(this.folder, 'blocks.bitmap')).copy(this.#bitmap);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    return this.#bitmap;
  }

  has(index: number): boolean {
    return ((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** Number of distinct blocks written. */
  count(): number {
    let count = 0;
    for (let byte of this.#bits) for (; byte; byte &= byte - 1) count += 1;
    return count;
  }

  /** Written indexes, ascending. */
  *indexes(): Generator<number> {
    for (let index = 0; index < this.blockCount; index += 1) {
      if (this.#bits[index >> 3] === 0) index |= 7;
      else if (this.has(index)) yield index;
    }
  }

  /** Writes a whole block and its SHA-256 (32 bytes). Writes of one index happen one after another. */
  async writeBlock(index: number, bytes: Uint8Array, sha256: Uint8Array): Promise<void> {
    const before = this.#writing.get(index) ?? Promise.resolve();
    const write = before.catch(() => {}).then(() => this.#write(index, bytes, sha256));
    this.#writing.set(index, write);
    try {
      await write;
    } finally {
      if (this.#writing.get(index) === write) this.#writing.delete(index);
    }
  }

  #write(index: number, bytes: Uint8Array, sha256: Uint8Array): Promise<void> {
    return this.#use(async ({ data, bitmap, digests }) => {
      if (this.has(index) || !isZero(bytes)) await data.write(bytes, 0, blockSize, index * blockSize);
      this.#forget(index, index);
      await digests.write(sha256, 0, 32, index * 32);
      this.#mark(index);
      await bitmap.write(this.#bits, index >> 3, 1, index >> 3);
    });
  }

  /** Writes bytes anywhere; used by imports, which have no parent. The bitmap goes to disk with `seal`. */
  writeBytes(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#use(async ({ data }) => {
      const [first, last] = [Math.floor(offset / blockSize), Math.floor((offset + bytes.length - 1) / blockSize)];
      await data.write(bytes, 0, bytes.length, offset);
      this.#forget(first, last);
      for (let index = first; index <= last; index += 1) this.#mark(index);
    });
  }

  /** Writes the whole bitmap down. */
  seal(): Promise<void> {
    return this.#use(async ({ bitmap }) => {
      await bitmap.write(this.#bits, 0, this.#bits.length, 0);
    });
  }

  /** Fills `into` (one block) with this file's own bytes of a block. */
  readBlock(index: number, into: Buffer): Promise<void> {
    return this.#use(async ({ data }) => {
      let filled = 0;
      while (filled < blockSize) {
        const { bytesRead } = await data.read(into, filled, blockSize - filled, index * blockSize + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      into.fill(0, filled, blockSize);
    });
  }

  /** SHA-256 of the bytes that the file holds for a block; read through `into` (one block) the first time. */
  async hashOf(index: number, into: Buffer): Promise<Buffer> {
    return this.#hashes.get(index) ?? this.readHashed(index, into);
  }

  /** Reads a block as `readBlock` does and answers the SHA-256 of what was read. */
  async readHashed(index: number, into: Buffer): Promise<Buffer> {
    const writes = this.#writes;
    await this.readBlock(index, into);
    const known = this.#hashes.get(index);
    if (known && writes === this.#writes) return known;
    const hash = createHash('sha256').update(into).digest();
    if (writes === this.#writes) this.#hashes.set(index, hash);
    return hash;
  }

  /** The digest given with a written block (32 bytes). */
  readDigest(index: number): Promise<Buffer> {
    return this.#use(async ({ digests }) => {
      const digest = Buffer.alloc(32);
      await digests.read(digest, 0, 32, index * 32);
      return digest;
    });
  }

  /** Closes the files as soon as nobody uses them; the next use opens them again. */
  async close(): Promise<void> {
    if (this.#users > 0) {
      this.#closeWanted = true;
      return;
    }
    this.#closeWanted = false;
    const handles = this.#handles;
    this.#handles = undefined;
    if (!handles) return;
    const { data, bitmap, digests } = await handles;
    await Promise.all([data.close(), bitmap.close(), digests.close()]);
  }

  #forget(first: number, last: number): void {
    this.#writes += 1;
    for (let index = first; index <= last; index += 1) this.#hashes.delete(index);
  }

  #mark(index: number): void {
    const bits = this.#bits;
    bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  }

  async #use<T>(work: (handles: Handles) => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      this.#handles ??= this.#open();
      return await work(await this.#handles);
    } finally {
      this.#users -= 1;
      if (this.#users === 0 && this.#closeWanted) await this.close();
    }
  }

  async #open(): Promise<Handles> {
    mkdirSync(this.folder, { recursive: true });
    const at = (name: string) => open(join(this.folder, name), constants.O_RDWR | constants.O_CREAT);
    const [data, bitmap, digests] = await Promise.all([at('data.raw'), at('blocks.bitmap'), at('digests')]);
    return { data, bitmap, digests };
  }
}
