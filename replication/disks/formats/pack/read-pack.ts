// Reads a block pack as it comes over the wire, as a DiskReader of the blocks that are in it. layout.ts shows the bytes.
// Whoever may import replication/disks may import it.
import { createHash, type Hash } from 'node:crypto';
import { type FaultError, faultError } from '../../../model/fault.ts';
import { blockCount, blockLength, checkCapacity, type DiskBlock, makeBlock } from '../../block.ts';
import { BlockSet } from '../../block-set.ts';
import type { DiskReader } from '../../reader.ts';
import { type ByteFeed, type ByteSource, FeedEnded } from '../byte-feed.ts';
import { openStreamedDisk, StreamedDisk } from '../streamed-disk.ts';
import {
  DIGEST_BYTES,
  HEAD_BYTES,
  HEADER_BYTES,
  type Head,
  KIND,
  parseHead,
  parseHeader,
  TRAILER_INDEX,
} from './layout.ts';
import { decompressOnPool } from './zstd-block.ts';

export interface ReadPackOptions {
  /** What the disk must have. */
  capacityBytes?: number;
  /** The label that the pack must carry. */
  label?: string;
  /** For the header, which is read before the reader is there. */
  signal?: AbortSignal;
  /** Blocks that are decompressed at once, each held in memory. Default 8. */
  inFlight?: number;
}

export interface PackReader extends DiskReader {
  readonly label: string;
}

const REMEDY = 'Start the run again. If it fails again, look at what else writes to the staging bucket.';

/**
 * Reads the header and gives a reader of the pack's blocks, zeros among them, in the order of the pack. Each block is
 * checked against its SHA-256 before it is yielded; the iteration ends without an error only when the trailer has
 * agreed with everything before it and nothing follows: nothing may be sealed before that.
 * In memory: a few blocks, stored and whole, and a bit for each block of the disk.
 * Fault: `staging-failed`; its message says what is wrong with the pack. FaultErrors of the source go through.
 */
export async function readBlockPack(source: ByteSource, options: ReadPackOptions = {}): Promise<PackReader> {
  return openStreamedDisk(source, options.signal, cutFault, async (feed) => {
    const hash = createHash('sha256');
    const bytes = await feed.take(HEADER_BYTES);
    const header = parseHeader(bytes);
    if ('wrong' in header) throw invalid(header.wrong);
    const { capacityBytes, labelBytes } = header;
    if (options.capacityBytes !== undefined && options.capacityBytes !== capacityBytes) {
      throw invalid(`It is of a disk of ${capacityBytes} bytes instead of ${options.capacityBytes}.`);
    }
    checkCapacity(capacityBytes);
    hash.update(bytes);
    const labelled = await feed.take(labelBytes);
    hash.update(labelled);
    const label = labelled.toString();
    if (options.label !== undefined && options.label !== label) {
      throw invalid(`It is "${label}" instead of "${options.label}".`);
    }
    return new StreamedPack(feed, hash, capacityBytes, label, Math.max(1, options.inFlight ?? 8));
  });
}

class StreamedPack extends StreamedDisk implements PackReader {
  readonly label: string;
  readonly ordered = false;
  readonly skipsZeros = false;
  readonly #hash: Hash;
  readonly #limit: number;
  readonly #seen = new BlockSet();

  constructor(feed: ByteFeed, hash: Hash, capacityBytes: number, label: string, limit: number) {
    super(feed, capacityBytes, cutFault);
    this.#hash = hash;
    this.label = label;
    this.#limit = limit;
  }

  protected async *readBlocks(check: () => void): AsyncGenerator<DiskBlock> {
    const opening: Promise<DiskBlock>[] = [];
    try {
      for (let more = true; more || opening.length > 0; ) {
        while (more && opening.length < this.#limit) {
          const bytes = await this.feed.take(HEAD_BYTES);
          const head = parseHead(bytes);
          more = head.index !== TRAILER_INDEX;
          if (more) opening.push((await this.#readRecord(bytes, head)).block);
          else await this.#readEnd(bytes, head);
        }
        check();
        if (opening.length === 0) break;
        const block = await opening[0]!;
        opening.shift();
        check();
        yield block;
      }
    } finally {
      await Promise.allSettled(opening);
    }
  }

  /** Takes what a record stores, and begins to make the block of it. */
  async #readRecord(bytes: Buffer, head: Head): Promise<{ block: Promise<DiskBlock> }> {
    const { index, length, kind } = head;
    if (index >= blockCount(this.capacityBytes)) throw invalid(`Block ${index} is behind the end of the disk.`);
    const whole = blockLength(index, this.capacityBytes);
    const sound =
      (kind === KIND.zero && length === 0) ||
      (kind === KIND.zstd && length > 0 && length < whole) ||
      (kind === KIND.raw && length === whole);
    if (!sound) throw invalid(`Block ${index} has ${length} bytes of the kind ${kind}.`);
    if (!this.#seen.add(index)) throw invalid(`Block ${index} comes twice.`);
    this.#hash.update(bytes);
    const stored = await this.feed.take(length);
    this.#hash.update(stored);
    const block = this.#makeBlock(head, stored, whole);
    // It is waited for in its turn; until then nobody may take its failure for one that was overlooked.
    block.catch(() => undefined);
    return { block };
  }

  async #makeBlock({ index, kind, digest }: Head, stored: Buffer, whole: number): Promise<DiskBlock> {
    let bytes: Uint8Array | null = kind === KIND.zero ? null : stored;
    if (kind === KIND.zstd) {
      bytes = await decompressOnPool(stored, whole).catch((error) => {
        throw invalid(`Block ${index} cannot be decompressed.`, error);
      });
      if (bytes.length !== whole) throw invalid(`Block ${index} has ${bytes.length} bytes instead of ${whole}.`);
    }
    const block = makeBlock(index, this.capacityBytes, bytes);
    if (Buffer.compare(block.digest, digest) === 0) return block;
    throw invalid(`The bytes of block ${index} are not those that were packed.`);
  }

  async #readEnd(bytes: Buffer, { length, kind, digest }: Head): Promise<void> {
    this.#hash.update(bytes.subarray(0, HEAD_BYTES - DIGEST_BYTES));
    if (kind !== KIND.trailer) throw invalid('Its trailer cannot be read.');
    if (length !== this.#seen.size) throw invalid(`It has ${this.#seen.size} blocks; its trailer counts ${length}.`);
    if (Buffer.compare(this.#hash.digest(), digest) !== 0) throw invalid('Its bytes are not those that were packed.');
    const more = await this.feed.take(1).catch((error) => {
      if (error instanceof FeedEnded) return null;
      throw error;
    });
    if (more) throw invalid('Its trailer is followed by more.');
  }
}

function invalid(what: string, cause?: unknown): FaultError {
  const message = `The changed blocks of a disk came back damaged from the staging bucket. ${what}`;
  return faultError('staging-failed', { message, remedy: REMEDY, retry: 'later' }, cause);
}

function cutFault(how: 'ended' | 'broke', bytesRead: number, cause: unknown): FaultError {
  const what = how === 'ended' ? 'ended' : 'broke off';
  const message = `The changed blocks of a disk, read from the staging bucket, ${what} after ${bytesRead} bytes, before its end.`;
  return faultError('staging-failed', { message, remedy: REMEDY }, cause);
}
