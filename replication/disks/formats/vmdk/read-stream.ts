// Reads a stream-optimized VMDK as it comes over the wire, from its first byte to its end marker, as a DiskReader.
// It goes by the records alone and ignores the tables, so that both layouts (tables in front, or directory at the end
// with a footer) are read alike. Whoever may import replication/disks may import it.
import { inflate, inflateSync } from 'node:zlib';
import { FaultError, faultError, isAbort } from '../../../model/fault.ts';
import { checkCapacity, type DiskBlock, SECTOR_BYTES } from '../../block.ts';
import type { DiskReader } from '../../reader.ts';
import { ByteFeed, type ByteSource, FeedBroke, FeedEnded } from '../byte-feed.ts';
import { BlockWindow } from './block-window.ts';
import {
  DIRECTORY_AT_END,
  GRAIN_BYTES,
  GRAIN_HEADER_BYTES,
  GRAIN_SECTORS,
  LARGEST_DEFLATED_GRAIN,
  MARKER,
  paddedLength,
  parseHeader,
  type VmdkHeader,
} from './layout.ts';

export interface ReadVmdkOptions {
  /** What the source says the disk has; another size in the header is a fault. */
  capacityBytes?: number;
  /** For the header, which is read before the reader is there. */
  signal?: AbortSignal;
}

/** Bytes behind the end marker that are still taken from the sender; qemu-img leaves up to a cluster there. */
const TAIL_BYTES = 1024 * 1024;
const TAIL_MS = 1000;

/**
 * Reads the header and gives a reader of the disk: in order, zero blocks left out. Grains may come out of order within
 * the few blocks that are open. In memory: a few blocks and their deflated grains, whatever the size of the disk.
 * Faults: `vmdk-invalid` (its message says what is wrong), `export-cut` (ended or broke before the end marker),
 * `disk-unsupported` (capacity); the source's own FaultErrors go through.
 */
export async function readStreamOptimizedVmdk(source: ByteSource, options: ReadVmdkOptions = {}): Promise<DiskReader> {
  const feed = new ByteFeed(source);
  const { signal } = options;
  const onAbort = () => feed.stop(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    const header = await readHeader(feed);
    const capacityBytes = Number(header.capacitySectors) * SECTOR_BYTES;
    checkCapacity(capacityBytes);
    if (options.capacityBytes !== undefined && options.capacityBytes !== capacityBytes) {
      throw invalid(`It holds a disk of ${capacityBytes} bytes; the source says ${options.capacityBytes}.`);
    }
    return new VmdkStreamReader(feed, header, capacityBytes);
  } catch (error) {
    const failure = signal?.aborted ? signal.reason : asFault(error, feed);
    feed.stop(failure);
    throw failure;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

class VmdkStreamReader implements DiskReader {
  readonly capacityBytes: number;
  readonly ordered = true;
  readonly skipsZeros = true;
  readonly #feed: ByteFeed;
  readonly #header: VmdkHeader;
  #used = false;
  #closed = false;

  constructor(feed: ByteFeed, header: VmdkHeader, capacityBytes: number) {
    this.#feed = feed;
    this.#header = header;
    this.capacityBytes = capacityBytes;
  }

  get bytesRead(): number {
    return this.#feed.bytesRead;
  }

  blocks(signal: AbortSignal): AsyncIterable<DiskBlock> {
    if (this.#used) throw faultError('internal', { message: 'A stream can be read once only.' });
    this.#used = true;
    return this.#read(signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#feed.stop(closedFault());
  }

  async *#read(signal: AbortSignal): AsyncGenerator<DiskBlock> {
    const feed = this.#feed;
    const onAbort = () => feed.stop(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      const window = new BlockWindow(this.capacityBytes, inflateGrain);
      for (let more = true; more; ) {
        more = await this.#readRecord(window);
        for (let index = window.due(!more); index !== null; index = window.due(!more)) {
          const block = await window.take(index);
          signal.throwIfAborted();
          if (this.#closed) throw closedFault();
          if (block.data) yield block;
        }
      }
      await feed.finish(TAIL_BYTES, TAIL_MS);
      signal.throwIfAborted();
      if (this.#closed) throw closedFault();
    } catch (error) {
      throw signal.aborted ? signal.reason : asFault(error, feed);
    } finally {
      signal.removeEventListener('abort', onAbort);
      feed.stop(closedFault());
    }
  }

  #footerSeen = false;

  /** Reads one grain or marker; false at the end marker. */
  async #readRecord(window: BlockWindow): Promise<boolean> {
    const feed = this.#feed;
    const start = feed.takeNow(GRAIN_HEADER_BYTES) ?? (await feed.take(GRAIN_HEADER_BYTES));
    const value = start.readUInt32LE(0) + start.readUInt32LE(4) * 2 ** 32;
    const size = start.readUInt32LE(8);
    if (size > 0) {
      const grain = this.#grainNumber(value, size);
      const deflated = feed.takeNow(size) ?? (await feed.take(size));
      const padding = paddedLength(GRAIN_HEADER_BYTES + size) - GRAIN_HEADER_BYTES - size;
      if (feed.takeNow(padding) === null) await feed.skip(padding);
      window.add(grain, deflated);
      return true;
    }
    const type = (await feed.take(4)).readUInt32LE(0);
    await feed.skip(SECTOR_BYTES - GRAIN_HEADER_BYTES - 4);
    switch (type) {
      case MARKER.endOfStream:
        this.#checkEnd(value);
        return false;
      case MARKER.footer:
        await this.#readFooter(value);
        return true;
      case MARKER.grainTable:
      case MARKER.grainDirectory:
      case MARKER.progress:
        await feed.skip(value * SECTOR_BYTES);
        return true;
      default:
        throw invalid(`It has a marker of the unknown type ${type}.`);
    }
  }

  #grainNumber(sector: number, size: number): number {
    if (size > LARGEST_DEFLATED_GRAIN) throw invalid(`It has a grain of ${size} deflated bytes.`);
    if (sector % GRAIN_SECTORS !== 0) throw invalid(`It has a grain at sector ${sector}, where none can begin.`);
    if (sector * SECTOR_BYTES >= this.capacityBytes) {
      throw invalid(`It has a grain at sector ${sector}, behind the end of the disk.`);
    }
    return sector / GRAIN_SECTORS;
  }

  async #readFooter(sectors: number): Promise<void> {
    if (sectors !== 1) throw invalid(`Its footer has ${sectors} sectors.`);
    const footer = parseHeader(await this.#feed.take(SECTOR_BYTES));
    if ('wrong' in footer) throw invalid(`Its footer cannot be read. ${footer.wrong}`);
    if (footer.capacitySectors !== this.#header.capacitySectors) {
      throw invalid('Its footer names another capacity than its header.');
    }
    this.#footerSeen = true;
  }

  #checkEnd(value: number): void {
    // A sector of zeros in the place of a record looks like the end marker; the footer tells the true end.
    if (value !== 0) throw invalid('Its end marker is followed by more.');
    if (this.#header.directorySector === DIRECTORY_AT_END && !this.#footerSeen) {
      throw invalid('It ends without the footer that its header promises.');
    }
  }
}

async function readHeader(feed: ByteFeed): Promise<VmdkHeader> {
  const header = parseHeader(await feed.take(SECTOR_BYTES));
  if ('wrong' in header) throw invalid(header.wrong);
  if (header.capacitySectors > BigInt(Math.floor(Number.MAX_SAFE_INTEGER / SECTOR_BYTES))) {
    throw invalid(`It names a capacity of ${header.capacitySectors} sectors.`);
  }
  if (header.overheadSectors > 2n ** 32n) throw invalid('Its header says that the data begins beyond any disk.');
  await feed.skip((Number(header.overheadSectors) - 1) * SECTOR_BYTES);
  return header;
}

/** Inflates one grain on libuv's pool; a grain that is only stored at once, for there is less to do than to hand over. */
function inflateGrain(deflated: Buffer, done: (error: Error | null, grain: Buffer) => void): void {
  // A little more room than a grain, so that zlib finds the end of its stream in one go.
  const options = { chunkSize: GRAIN_BYTES + 64, maxOutputLength: GRAIN_BYTES };
  if (deflated.length < GRAIN_BYTES) {
    inflate(deflated, options, done);
    return;
  }
  let grain: Buffer;
  try {
    grain = inflateSync(deflated, options);
  } catch (error) {
    done(error as Error, deflated);
    return;
  }
  done(null, grain);
}

function invalid(what: string) {
  return faultError('vmdk-invalid', { message: `The disk came in a form that is not a valid export. ${what}` });
}

function closedFault() {
  return faultError('internal', { message: 'The disk was closed while it was read.' });
}

/** What became of the source is a fault of the source; anything else goes through as it is. */
function asFault(error: unknown, feed: ByteFeed): unknown {
  if (error instanceof FeedEnded) {
    const message = `The stream of the disk ended after ${feed.bytesRead} bytes, before its end marker.`;
    return faultError('export-cut', { message }, error);
  }
  if (!(error instanceof FeedBroke)) return error;
  const { cause } = error;
  if (cause instanceof FaultError || isAbort(cause)) return cause;
  return faultError('export-cut', { message: `The stream of the disk broke after ${feed.bytesRead} bytes.` }, cause);
}
