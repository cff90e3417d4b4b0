// Lets through only what must be sent of a frozen disk: for a delta the blocks that differ from the baseline's digests,
// for a full copy every block that is not zeros. A wrapper: a reader again. It also fills the candidate's digests.
// Steps put it between reader and pump; whoever may import replication/disks may import it.
import { blockCountOf, clip, type Extent, extentAt, wholeDisk, withGrowth } from '../model/extent.ts';
import { faultError } from '../model/fault.ts';
import { blockCount, DISK_BLOCK_BYTES, type DiskBlock, makeBlock } from './block.ts';
import { BlockSet } from './block-set.ts';
import { DIGEST_CHUNK_BYTES, type DigestSet } from './digests/digest-set.ts';
import type { DigestWriter } from './digests/digest-writer.ts';
import type { DiskReader } from './reader.ts';

export interface ChangedBlocksOptions {
  /**
   * Takes the digest of every block that is looked at. Its base is the baseline that is compared with; without a base
   * everything that is not zeros goes through, into a disk that has no parent.
   */
  candidate: DigestWriter;
  /**
   * What the source calls changed since the baseline, in any order; rounded out to whole blocks, and to everything
   * behind the baseline's end where the disk grew. Default: the whole disk, for a source that tracks nothing.
   * Without a base it must be left out.
   */
  extents?: Iterable<Extent>;
}

/** Blocks so far; whole when the iteration has ended. */
export interface ChangedBlocksCounts {
  /** Blocks that were to be looked at: those of the extents. */
  readonly named: number;
  /** Of those, the ones that differ from the baseline (without one: that are not zeros). */
  readonly changed: number;
  /** Of those, the ones that do not. */
  readonly unchanged: number;
  /** Blocks given to whoever asked for them. */
  readonly sent: number;
  /** Of the blocks sent, those that hold zeros now and did not before. */
  readonly zeroed: number;
}

export interface ChangedBlocksReader extends DiskReader {
  counts(): ChangedBlocksCounts;
}

/**
 * What a seekable disk must be read for so that `withChangedBlocks` with the same arguments misses nothing: give it to
 * `openSeekReader`. Ascending, disjoint, of whole blocks.
 */
export function extentsToRead(
  base: DigestSet | null,
  capacityBytes: number,
  extents: Iterable<Extent> = wholeDisk(capacityBytes),
): Extent[] {
  return withGrowth(extents, base?.capacityBytes ?? 0, capacityBytes);
}

/**
 * Wraps a reader that covers at least the extents (or skips zeros, and so covers the whole disk). In order if the reader
 * is. A block that the reader leaves out as zeros, or yields as zeros, is yielded as a block of zeros where the baseline
 * has bytes: in a snapshot with a parent, what is not written keeps the parent's bytes.
 * Fails with `internal` where the reader left out a block that it had to cover, and with a DigestDoubt.
 * In memory: one block, and a bit for each block of the disk where the reader has no order.
 */
export function withChangedBlocks(reader: DiskReader, options: ChangedBlocksOptions): ChangedBlocksReader {
  const { candidate, extents } = options;
  const { capacityBytes } = reader;
  if (candidate.capacityBytes !== capacityBytes) {
    const message = `The disk has ${capacityBytes} bytes, its digests were prepared for ${candidate.capacityBytes}.`;
    throw faultError('internal', { message });
  }
  if (!candidate.base && extents) {
    throw faultError('internal', {
      message: 'Only parts of a disk were to be copied into a snapshot without a parent.',
    });
  }
  return new ChangedBlocks(reader, candidate, extentsToRead(candidate.base, capacityBytes, extents));
}

class ChangedBlocks implements ChangedBlocksReader {
  readonly capacityBytes: number;
  readonly ordered: boolean;
  readonly skipsZeros: boolean;
  readonly #reader: DiskReader;
  readonly #candidate: DigestWriter;
  readonly #base: DigestSet | null;
  readonly #extents: readonly Extent[];
  readonly #named: number;
  /** Blocks of the extents that the reader gave; only kept where it has no order. */
  readonly #given = new BlockSet();
  /** The highest block that an ordered reader gave. */
  #last = -1;
  #seen = 0;
  #changed = 0;
  #sent = 0;
  #zeroed = 0;
  #ended = false;
  #warmed = 0;

  constructor(reader: DiskReader, candidate: DigestWriter, extents: readonly Extent[]) {
    this.capacityBytes = reader.capacityBytes;
    this.ordered = reader.ordered;
    this.skipsZeros = candidate.base === null;
    this.#reader = reader;
    this.#candidate = candidate;
    this.#base = candidate.base;
    this.#extents = extents;
    this.#named = blockCountOf(extents);
  }

  get bytesRead(): number {
    return this.#reader.bytesRead;
  }

  counts(): ChangedBlocksCounts {
    // Blocks that were left out as zeros, and were zeros before, are never looked at one by one.
    const looked = this.#ended ? this.#named : this.#seen;
    const unchanged = looked - this.#changed;
    return { named: this.#named, changed: this.#changed, unchanged, sent: this.#sent, zeroed: this.#zeroed };
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async *blocks(signal: AbortSignal): AsyncGenerator<DiskBlock> {
    const leavesZerosOut = this.#reader.skipsZeros;
    for await (const block of this.#reader.blocks(signal)) {
      const before = this.#last;
      this.#enter(block.index);
      if (this.ordered && leavesZerosOut) yield* this.#nowZeros(before + 1, block.index, signal);
      if (!extentAt(this.#extents, block.offset)) continue;
      this.#seen += 1;
      this.#warmNext(block.offset, signal);
      if (!(await this.#differs(block, signal))) continue;
      this.#changed += 1;
      await this.#candidate.set(block.index, block.data ? block.digest : null, signal);
      yield this.#send(block);
    }
    signal.throwIfAborted();
    if (leavesZerosOut)
      yield* this.#nowZeros(this.ordered ? this.#last + 1 : 0, blockCount(this.capacityBytes), signal);
    else this.#checkWhole();
    this.#ended = true;
  }

  /** Holds the reader to its word: no block twice, and ascending where it says so. */
  #enter(index: number): void {
    const sound = this.ordered ? index > this.#last : this.#given.add(index);
    if (!sound) throw faultError('internal', { message: `Block ${index} was read twice or out of its order.` });
    this.#last = index;
  }

  async #differs(block: DiskBlock, signal: AbortSignal): Promise<boolean> {
    const before = (await this.#base?.digestAt(block.index, signal)) ?? null;
    if (before === null || block.data === null) return before !== null || block.data !== null;
    return Buffer.compare(before, block.digest) !== 0;
  }

  /** Zeros for the blocks of a range that the reader left out, and that are not zeros in the baseline. */
  async *#nowZeros(from: number, to: number, signal: AbortSignal): AsyncGenerator<DiskBlock> {
    if (!this.#base || from >= to) return;
    for (const { offset, length } of clip(this.#extents, from * DISK_BLOCK_BYTES, to * DISK_BLOCK_BYTES)) {
      const first = offset / DISK_BLOCK_BYTES;
      const end = first + blockCount(length);
      for await (const { index } of this.#base.entries(first, end, signal)) {
        if (!this.ordered && this.#given.has(index)) continue;
        this.#changed += 1;
        this.#seen += 1;
        await this.#candidate.set(index, null, signal);
        yield this.#send(makeBlock(index, this.capacityBytes, null));
        signal.throwIfAborted();
      }
    }
  }

  #send(block: DiskBlock): DiskBlock {
    this.#sent += 1;
    if (!block.data) this.#zeroed += 1;
    return block;
  }

  /** The digests that will be compared next are fetched while the blocks before them are read. */
  #warmNext(offset: number, signal: AbortSignal): void {
    const behind = (Math.floor(offset / DIGEST_CHUNK_BYTES) + 1) * DIGEST_CHUNK_BYTES;
    if (!this.#base || !this.ordered || behind === this.#warmed) return;
    this.#warmed = behind;
    const next = clip(this.#extents, behind, this.capacityBytes).next();
    if (!next.done) this.#base.warm(Math.floor(next.value.offset / DISK_BLOCK_BYTES), signal);
  }

  #checkWhole(): void {
    if (this.#seen === this.#named) return;
    const message = `Of ${this.#named} blocks that were to be compared, only ${this.#seen} were read.`;
    throw faultError('internal', { message });
  }
}
