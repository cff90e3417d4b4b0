// Disks in memory, for tests and for whatever is small. Anybody who may import replication/disks.
import { faultError } from '../../model/fault.ts';
import { blockCount, checkCapacity, DISK_BLOCK_BYTES, type DiskBlock, makeBlock } from '../block.ts';
import type { DiskReader, SeekableDisk } from '../reader.ts';
import type { DiskWriter, SealedDisk } from '../writer.ts';

export interface MemoryReaderOptions {
  /** Leave zero blocks out. Default true. */
  skipsZeros?: boolean;
  /** In this order of blocks; default ascending. */
  order?: readonly number[];
}

/** Reads a disk that is these bytes; it does not copy them. */
export function createMemoryReader(bytes: Uint8Array, options: MemoryReaderOptions = {}): DiskReader {
  checkCapacity(bytes.length);
  const { skipsZeros = true, order } = options;
  let bytesRead = 0;
  let closed = false;
  let used = false;

  async function* read(signal: AbortSignal): AsyncGenerator<DiskBlock> {
    const count = order?.length ?? blockCount(bytes.length);
    for (let position = 0; position < count; position += 1) {
      signal.throwIfAborted();
      if (closed) throw faultError('internal', { message: 'The disk was closed while it was read.' });
      const index = order?.[position] ?? position;
      const part = bytes.subarray(index * DISK_BLOCK_BYTES, (index + 1) * DISK_BLOCK_BYTES);
      bytesRead += part.length;
      const block = makeBlock(index, bytes.length, part);
      if (block.data || !skipsZeros) yield block;
    }
    signal.throwIfAborted();
  }

  return {
    capacityBytes: bytes.length,
    ordered: order === undefined,
    skipsZeros,
    get bytesRead() {
      return bytesRead;
    },
    blocks(signal) {
      if (used) throw faultError('internal', { message: 'A disk can be read once only.' });
      used = true;
      return read(signal);
    },
    async close() {
      closed = true;
    },
  };
}

/** A disk that is these bytes, to be read at any place. */
export function createMemorySeekable(bytes: Uint8Array): SeekableDisk {
  checkCapacity(bytes.length);
  let closed = false;
  return {
    capacityBytes: bytes.length,
    async read(offset, length, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      if (closed) throw faultError('internal', { message: 'The disk was closed while it was read.' });
      return bytes.slice(offset, offset + length);
    },
    async close() {
      closed = true;
    },
  };
}

export interface MemoryWriterOptions {
  capacityBytes: number;
  /** Default false. */
  needsOrder?: boolean;
  /** What the disk holds before; default zeros. */
  parent?: Uint8Array;
}

export interface MemoryDisk extends SealedDisk {
  readonly bytes: Uint8Array;
}

/** Writes a disk into one buffer; sealed, it gives the buffer. */
export function createMemoryWriter(options: MemoryWriterOptions): DiskWriter<MemoryDisk> {
  const { capacityBytes, needsOrder = false, parent } = options;
  checkCapacity(capacityBytes);
  const bytes = new Uint8Array(capacityBytes);
  if (parent) bytes.set(parent);
  const filled = new Set<number>();
  let state: 'open' | 'sealed' | 'broken' = 'open';
  let last = -1;
  let bytesSent = 0;
  let sealed: MemoryDisk | undefined;

  const check = (signal: AbortSignal) => {
    signal.throwIfAborted();
    if (state !== 'open') throw faultError('internal', { message: `The disk is ${state}; it takes no more blocks.` });
  };

  return {
    capacityBytes,
    needsOrder,
    get bytesSent() {
      return bytesSent;
    },
    async write(block, signal) {
      check(signal);
      if (needsOrder && block.index <= last) {
        state = 'broken';
        throw faultError('internal', { message: `Block ${block.index} came after block ${last}.` });
      }
      last = block.index;
      if (block.data) {
        bytes.set(block.data, block.offset);
        filled.add(block.index);
        bytesSent += block.length;
      } else {
        bytes.fill(0, block.offset, block.offset + block.length);
        filled.delete(block.index);
      }
    },
    async seal(signal) {
      if (sealed) return sealed;
      check(signal);
      state = 'sealed';
      sealed = { capacityBytes, bytesSent, blocks: filled.size, bytes };
      return sealed;
    },
    async abort() {
      if (state !== 'sealed') state = 'broken';
    },
  };
}
