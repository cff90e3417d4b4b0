// Reads given extents of a seekable disk, and nothing else of it, as a DiskReader: several requests under way, ascending.
// Sources that can be read at any place use it; whoever may import replication/disks may import it.

import { coverage, type Extent, wholeDisk, widenToBlocks } from '../model/extent.ts';
import { faultError } from '../model/fault.ts';
import { checkCapacity, DISK_BLOCK_BYTES, type DiskBlock, makeBlock } from './block.ts';
import type { DiskReader, SeekableDisk } from './reader.ts';

export interface SeekReaderOptions {
  /** What is read, in any order; rounded out to whole blocks. Default: the whole disk. */
  extents?: Iterable<Extent>;
  /**
   * True: the source says that everything else is zeros (these are its allocated extents), so the reader covers the
   * whole disk and leaves zeros out. Default false: it covers the extents only, and yields every block of them.
   */
  restIsZeros?: boolean;
  /** Requests under way at once. Default 4. */
  inFlight?: number;
  /** The most that one request asks for, a multiple of 512 KiB. Default 2 MiB. */
  largestRead?: number;
}

const LARGEST_READ = 2 * 1024 * 1024;

interface Request {
  readonly offset: number;
  readonly bytes: Promise<Uint8Array>;
}

/**
 * Makes the reader; it closes `disk` when it ends. In memory: `inFlight` requests. Blocks of one request share its
 * bytes, so that one block kept keeps up to `largestRead` bytes.
 */
export function openSeekReader(disk: SeekableDisk, options: SeekReaderOptions = {}): DiskReader {
  checkCapacity(disk.capacityBytes);
  const { largestRead = LARGEST_READ, inFlight = 4 } = options;
  if (!(largestRead >= DISK_BLOCK_BYTES && largestRead % DISK_BLOCK_BYTES === 0)) {
    throw new RangeError(`requests of ${largestRead} bytes are not of whole blocks`);
  }
  const extents = widenToBlocks(options.extents ?? wholeDisk(disk.capacityBytes), disk.capacityBytes);
  return new SeekReader(disk, extents, options.restIsZeros ?? false, Math.max(1, inFlight), largestRead);
}

class SeekReader implements DiskReader {
  readonly capacityBytes: number;
  readonly ordered = true;
  readonly skipsZeros: boolean;
  readonly #disk: SeekableDisk;
  readonly #extents: readonly Extent[];
  readonly #inFlight: number;
  readonly #largestRead: number;
  readonly #stop = new AbortController();
  readonly #requests: Request[] = [];
  #bytesRead = 0;
  #used = false;
  #closing: Promise<void> | null = null;

  constructor(disk: SeekableDisk, extents: Extent[], restIsZeros: boolean, inFlight: number, largestRead: number) {
    this.#disk = disk;
    this.capacityBytes = disk.capacityBytes;
    this.skipsZeros = restIsZeros || coverage(extents) === disk.capacityBytes;
    this.#extents = extents;
    this.#inFlight = inFlight;
    this.#largestRead = largestRead;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  blocks(signal: AbortSignal): AsyncIterable<DiskBlock> {
    if (this.#used) throw faultError('internal', { message: 'A disk can be read once only.' });
    this.#used = true;
    return this.#read(signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    this.#stop.abort(faultError('internal', { message: 'The disk was closed while it was read.' }));
    await Promise.all([this.#disk.close(), Promise.allSettled(this.#requests.map((request) => request.bytes))]);
  }

  async *#read(signal: AbortSignal): AsyncGenerator<DiskBlock> {
    const stop = this.#stop;
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      stop.signal.throwIfAborted();
      const ranges = this.#ranges();
      for (let more = true; more || this.#requests.length > 0; ) {
        while (more && this.#requests.length < this.#inFlight) {
          const range = ranges.next();
          if (range.done) more = false;
          else this.#request(range.value);
        }
        if (this.#requests.length === 0) break;
        const { offset } = this.#requests[0]!;
        const bytes = await this.#requests[0]!.bytes;
        stop.signal.throwIfAborted();
        this.#requests.shift();
        for (let at = 0; at < bytes.length; at += DISK_BLOCK_BYTES) {
          const index = (offset + at) / DISK_BLOCK_BYTES;
          const block = makeBlock(index, this.capacityBytes, bytes.subarray(at, at + DISK_BLOCK_BYTES));
          if (block.data || !this.skipsZeros) yield block;
          stop.signal.throwIfAborted();
        }
      }
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      await this.close();
    }
  }

  /** The extents, cut into requests. */
  *#ranges(): Generator<Extent> {
    for (const extent of this.#extents) {
      for (let at = 0; at < extent.length; at += this.#largestRead) {
        yield { offset: extent.offset + at, length: Math.min(this.#largestRead, extent.length - at) };
      }
    }
  }

  #request({ offset, length }: Extent): void {
    const bytes = this.#fetch(offset, length);
    // It is waited for in its turn; until then nobody may take its failure for one that was overlooked.
    bytes.catch(() => undefined);
    this.#requests.push({ offset, bytes });
  }

  async #fetch(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await this.#disk.read(offset, length, this.#stop.signal);
    if (bytes.length !== length) {
      const message = `The source gave ${bytes.length} bytes at ${offset} of the disk instead of ${length}.`;
      throw faultError('export-cut', { message });
    }
    this.#bytesRead += length;
    return bytes;
  }
}
