// A running root hash over the blocks that a reader yields. A wrapper: a reader again.
import { createHash, type Hash } from 'node:crypto';
import { faultError } from '../model/fault.ts';
import type { DiskReader } from './reader.ts';

export interface DiskChecksum {
  /** SHA-256 in hex over (index as 8 bytes big-endian, digest of 32 bytes) of each block that is not zeros, ascending. */
  readonly root: string;
  /** Blocks that are not zeros. */
  readonly blocks: number;
}

/** The root hash of a disk, fed block by block; two disks of one size are equal if and only if their roots are. */
export class RunningChecksum {
  readonly #hash: Hash = createHash('sha256');
  readonly #pair = Buffer.alloc(40);
  #last = -1;
  #blocks = 0;

  /** Adds a block that is not zeros; the index must be higher than the one before. */
  add(index: number, digest: Uint8Array): void {
    if (!Number.isSafeInteger(index) || index <= this.#last || digest.length !== 32) {
      throw faultError('internal', { message: `Block ${index} cannot follow block ${this.#last} in a checksum.` });
    }
    this.#last = index;
    this.#blocks += 1;
    this.#pair.writeBigUInt64BE(BigInt(index), 0);
    this.#pair.set(digest, 8);
    this.#hash.update(this.#pair);
  }

  /** The checksum of what was added so far; more may be added afterwards. */
  value(): DiskChecksum {
    return { root: this.#hash.copy().digest('hex'), blocks: this.#blocks };
  }
}

export interface ChecksumReader extends DiskReader {
  /** Of the whole disk; fails before the last block was yielded. */
  checksum(): DiskChecksum;
}

/** Computes the root hash while the blocks of `reader`, which must be in order, go by. */
export function withChecksum(reader: DiskReader): ChecksumReader {
  if (!reader.ordered) {
    throw faultError('internal', { message: 'A checksum needs a disk that is read in order.' });
  }
  const running = new RunningChecksum();
  let complete = false;
  return {
    capacityBytes: reader.capacityBytes,
    ordered: true,
    skipsZeros: reader.skipsZeros,
    get bytesRead() {
      return reader.bytesRead;
    },
    async *blocks(signal) {
      for await (const block of reader.blocks(signal)) {
        if (block.data) running.add(block.index, block.digest);
        yield block;
      }
      complete = true;
    },
    close: () => reader.close(),
    checksum() {
      if (complete) return running.value();
      throw faultError('internal', { message: 'The checksum of a disk was asked for before the disk was read.' });
    },
  };
}
