// Reads a stream-optimized VMDK as it comes over the wire, from its first byte to its end marker, as a DiskReader.
// It goes by the records, so that both layouts (tables in front, or directory at the end with a footer) are read alike;
// the tables are believed in one thing only, that the disk is empty. Whoever may import replication/disks may import it.
import { inflate, inflateSync } from 'node:zlib';
import { faultError } from '../../../model/fault.ts';
import { checkCapacity, type DiskBlock, SECTOR_BYTES } from '../../block.ts';
import type { DiskReader } from '../../reader.ts';
import type { ByteFeed, ByteSource } from '../byte-feed.ts';
import { openStreamedDisk, StreamedDisk } from '../streamed-disk.ts';
import { BlockWindow } from './block-window.ts';
import { frontTablesSayEmpty } from './front-tables.ts';
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
  /** What the source says the disk has; another size in the header, but for whole grains, is a fault. */
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
  return openStreamedDisk(source, options.signal, cutFault, async (feed) => {
    const header = await readHeader(feed);
    const named = Number(header.capacitySectors) * SECTOR_BYTES;
    const { capacityBytes = named } = options;
    checkCapacity(capacityBytes);
    // The specification calls the capacity a multiple of the grain, and some writers round it up to one.
    if (named !== capacityBytes && named !== Math.ceil(capacityBytes / GRAIN_BYTES) * GRAIN_BYTES) {
      throw invalid(`It holds a disk of ${named} bytes; the source says ${capacityBytes}.`);
    }
    const mayEndAtOnce = await frontTablesSayEmpty(feed, header);
    return new VmdkStreamReader(feed, header, capacityBytes, mayEndAtOnce);
  });
}

class VmdkStreamReader extends StreamedDisk {
  readonly ordered = true;
  readonly skipsZeros = true;
  readonly #header: VmdkHeader;
  /** The tables say that the disk is empty: then the end marker may be missing. */
  readonly #mayEndAtOnce: boolean;
  #footerSeen = false;

  constructor(feed: ByteFeed, header: VmdkHeader, capacityBytes: number, mayEndAtOnce: boolean) {
    super(feed, capacityBytes, cutFault);
    this.#header = header;
    this.#mayEndAtOnce = mayEndAtOnce;
  }

  protected async *readBlocks(check: () => void): AsyncGenerator<DiskBlock> {
    if (this.#mayEndAtOnce && (await this.feed.atEnd())) return;
    const window = new BlockWindow(this.capacityBytes, inflateGrain);
    for (let more = true; more; ) {
      more = await this.#readRecord(window);
      for (let index = window.due(!more); index !== null; index = window.due(!more)) {
        const block = await window.take(index);
        check();
        if (block.data) yield block;
      }
    }
    await this.feed.finish(TAIL_BYTES, TAIL_MS);
  }

  /** Reads one grain or marker; false at the end marker. */
  async #readRecord(window: BlockWindow): Promise<boolean> {
    const feed = this.feed;
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
    const footer = parseHeader(await this.feed.take(SECTOR_BYTES));
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

function cutFault(how: 'ended' | 'broke', bytesRead: number, cause: unknown) {
  const message =
    how === 'ended'
      ? `The stream of the disk ended after ${bytesRead} bytes, before its end marker.`
      : `The stream of the disk broke after ${bytesRead} bytes.`;
  return faultError('export-cut', { message }, cause);
}
