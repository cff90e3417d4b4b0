// Writes a stream-optimized VMDK, byte after byte, as a DiskWriter: what S3 staging uploads and ImportSnapshot reads.
// Laid out as an export of ESXi: records, grain tables among them, directory and footer at the end.
// Whoever may import replication/disks may import it.
import { faultError } from '../../../model/fault.ts';
import { checkCapacity, DISK_BLOCK_BYTES, type DiskBlock, isZero, SECTOR_BYTES } from '../../block.ts';
import type { DiskWriter, SealedDisk } from '../../writer.ts';
import { ChunkSink, type Sink } from '../chunk-sink.ts';
import { type DeflateGrain, deflateOnPool } from './deflate-grain.ts';
import {
  buildDescriptor,
  buildHeader,
  buildMarker,
  DIRECTORY_AT_END,
  ENTRIES_PER_TABLE,
  GRAIN_BYTES,
  GRAIN_HEADER_BYTES,
  MARKER,
  paddedLength,
  TABLE_SPAN_BYTES,
} from './layout.ts';

export interface WriteVmdkOptions {
  capacityBytes: number;
  /** Takes the bytes of the file in order, one call at a time; the chunk is the sink's own. Obeys the signal. */
  sink: Sink;
  /** The file's own name, without a folder: a reader that goes by the descriptor looks for the extent there. */
  name: string;
  /** zlib's level, 4 by default. */
  level?: number;
  /** Replaces deflating on libuv's pool. */
  deflate?: DeflateGrain;
}

export interface SealedVmdk extends SealedDisk {
  /** Grains of 64 KiB that the file holds. */
  readonly grains: number;
}

/** Grains that are deflated or wait for their turn; four for each thread of libuv's pool, and one more block's. */
const GRAINS_IN_FLIGHT = 16;
const OVERHEAD_SECTORS = 128;
const NOTHING = Buffer.alloc(SECTOR_BYTES);
/** Places in the file are 32 bits wide. */
const LAST_SECTOR = 2 ** 32 - 1;

/**
 * Makes a writer of a new disk. It needs order; zeros are left out; memory does not grow with the disk. On `abort`
 * it stops calling the sink; what became of the bytes that the sink had is the caller's business.
 */
export function createStreamOptimizedVmdk(options: WriteVmdkOptions): DiskWriter<SealedVmdk> {
  checkCapacity(options.capacityBytes);
  return new VmdkStreamWriter(options);
}

interface PendingGrain {
  readonly grain: number;
  readonly deflated: Promise<Uint8Array>;
}

class VmdkStreamWriter implements DiskWriter<SealedVmdk> {
  readonly capacityBytes: number;
  readonly needsOrder = true;
  readonly #out: ChunkSink;
  readonly #deflate: DeflateGrain;
  readonly #name: string;
  readonly #stop = new AbortController();
  readonly #pending: PendingGrain[] = [];
  readonly #table = Buffer.alloc(ENTRIES_PER_TABLE * 4);
  readonly #directory: Buffer;
  #tableNumber = -1;
  #lastIndex = -1;
  #blocks = 0;
  #grains = 0;
  #working: Promise<unknown> | null = null;
  #sealed: SealedVmdk | null = null;

  constructor(options: WriteVmdkOptions) {
    this.capacityBytes = options.capacityBytes;
    this.#out = new ChunkSink(options.sink);
    this.#deflate = options.deflate ?? deflateOnPool(options.level ?? 4);
    this.#name = options.name;
    this.#directory = Buffer.alloc(paddedLength(Math.ceil(options.capacityBytes / TABLE_SPAN_BYTES) * 4));
  }

  get bytesSent(): number {
    return this.#out.bytesSent;
  }

  write(block: DiskBlock, signal: AbortSignal): Promise<void> {
    return this.#work(signal, async (stop) => {
      if (block.index <= this.#lastIndex) {
        throw faultError('internal', { message: `Block ${block.index} came after block ${this.#lastIndex}.` });
      }
      if (block.offset + block.length > this.capacityBytes) {
        throw faultError('internal', { message: `Block ${block.index} is behind the end of the disk.` });
      }
      if (this.#lastIndex < 0) await this.#writeFront(stop);
      this.#lastIndex = block.index;
      if (block.data) this.#enqueue(block.index, block.data);
      while (this.#pending.length > GRAINS_IN_FLIGHT) await this.#writeOldest(stop);
    });
  }

  async seal(signal: AbortSignal): Promise<SealedVmdk> {
    if (this.#sealed) return this.#sealed;
    await this.#work(signal, async (stop) => {
      if (this.#lastIndex < 0) await this.#writeFront(stop);
      while (this.#pending.length > 0) await this.#writeOldest(stop);
      await this.#writeBack(stop);
      const { capacityBytes, bytesSent } = this;
      this.#sealed = { capacityBytes, bytesSent, blocks: this.#blocks, grains: this.#grains };
    });
    return this.#sealed!;
  }

  async abort(): Promise<void> {
    if (this.#sealed) return;
    this.#stop.abort(faultError('internal', { message: 'The disk was aborted; it takes no more blocks.' }));
    await this.#working?.catch(() => undefined);
    await Promise.allSettled(this.#pending.splice(0).map((grain) => grain.deflated));
  }

  /** Runs the only call under way. A failed one breaks the writer for good: a stream cannot be taken back. */
  async #work(signal: AbortSignal, call: (stop: AbortSignal) => Promise<void>): Promise<void> {
    this.#stop.signal.throwIfAborted();
    const refused = this.#working ? 'is written by two at once' : this.#sealed ? 'is sealed' : null;
    if (refused) throw faultError('internal', { message: `The disk ${refused}; it takes no more blocks.` });
    const stop = this.#stop;
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      stop.signal.throwIfAborted();
      this.#working = call(stop.signal);
      await this.#working;
    } catch (error) {
      stop.abort(error);
      throw stop.signal.reason;
    } finally {
      this.#working = null;
      signal.removeEventListener('abort', onAbort);
    }
  }

  #enqueue(index: number, data: Uint8Array): void {
    this.#blocks += 1;
    const first = (index * DISK_BLOCK_BYTES) / GRAIN_BYTES;
    for (let at = 0; at < data.length; at += GRAIN_BYTES) {
      const bytes = data.subarray(at, at + GRAIN_BYTES);
      if (isZero(bytes)) continue;
      const deflated = this.#deflate(bytes.length === GRAIN_BYTES ? bytes : padToGrain(bytes));
      // It is waited for in its turn; until then nobody may take its failure for one that was overlooked.
      deflated.catch(() => undefined);
      this.#pending.push({ grain: first + at / GRAIN_BYTES, deflated });
    }
  }

  async #writeOldest(stop: AbortSignal): Promise<void> {
    const { grain, deflated } = this.#pending[0]!;
    const bytes = await deflated;
    stop.throwIfAborted();
    this.#pending.shift();
    const tableNumber = Math.floor(grain / ENTRIES_PER_TABLE);
    if (tableNumber !== this.#tableNumber) await this.#writeTable(stop);
    this.#tableNumber = tableNumber;
    this.#table.writeUInt32LE(this.#sector(), (grain % ENTRIES_PER_TABLE) * 4);
    this.#grains += 1;

    const header = Buffer.alloc(GRAIN_HEADER_BYTES);
    header.writeBigUInt64LE(BigInt((grain * GRAIN_BYTES) / SECTOR_BYTES), 0);
    header.writeUInt32LE(bytes.length, 8);
    await this.#out.append(header, stop);
    await this.#out.append(bytes, stop);
    await this.#out.append(NOTHING.subarray(0, paddedLength(this.#out.length) - this.#out.length), stop);
  }

  async #writeFront(stop: AbortSignal): Promise<void> {
    await this.#out.append(buildHeader(this.capacityBytes, DIRECTORY_AT_END, OVERHEAD_SECTORS), stop);
    await this.#out.append(buildDescriptor(this.capacityBytes, this.#name), stop);
    await this.#out.append(Buffer.alloc(OVERHEAD_SECTORS * SECTOR_BYTES - this.#out.length), stop);
  }

  /** Writes the table of the grains since the last one, if there were any. */
  async #writeTable(stop: AbortSignal): Promise<void> {
    if (this.#tableNumber < 0) return;
    await this.#out.append(buildMarker(MARKER.grainTable, this.#table.length / SECTOR_BYTES), stop);
    this.#directory.writeUInt32LE(this.#sector(), this.#tableNumber * 4);
    await this.#out.append(this.#table, stop);
    this.#table.fill(0);
  }

  async #writeBack(stop: AbortSignal): Promise<void> {
    await this.#writeTable(stop);
    await this.#out.append(buildMarker(MARKER.grainDirectory, this.#directory.length / SECTOR_BYTES), stop);
    const directorySector = BigInt(this.#sector());
    await this.#out.append(this.#directory, stop);
    await this.#out.append(buildMarker(MARKER.footer, 1), stop);
    await this.#out.append(buildHeader(this.capacityBytes, directorySector, OVERHEAD_SECTORS), stop);
    await this.#out.append(buildMarker(MARKER.endOfStream, 0), stop);
    await this.#out.flush(stop);
  }

  /** The sector of the file that is written next. */
  #sector(): number {
    const sector = this.#out.length / SECTOR_BYTES;
    if (sector <= LAST_SECTOR) return sector;
    throw faultError('disk-unsupported', {
      message: 'The disk holds more than 2 TiB even when compressed; a stream-optimized VMDK cannot hold so much.',
    });
  }
}

function padToGrain(bytes: Uint8Array): Uint8Array {
  const grain = new Uint8Array(GRAIN_BYTES);
  grain.set(bytes);
  return grain;
}
