// Disks as raw image files: byte for byte what the disk holds. Whoever may import replication/disks may import it.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { faultError } from '../../../model/fault.ts';
import { blockCount, blockLength, checkCapacity, DISK_BLOCK_BYTES, type DiskBlock, makeBlock } from '../../block.ts';
import type { DiskReader } from '../../reader.ts';
import type { DiskWriter, SealedDisk } from '../../writer.ts';

/** Reads under way at once; so many blocks are in memory. */
const READ_AHEAD = 4;

/**
 * Reads a file whose size is a multiple of 512: in order, zero blocks left out. A file of which nothing is allocated
 * is not read at all; other holes are read as the zeros that the system makes of them (Node cannot ask where they are).
 */
export async function openRawFile(path: string): Promise<DiskReader> {
  const file = await open(path, 'r');
  try {
    const { size, blocks } = await file.stat();
    checkCapacity(size);
    return new RawFileReader(file, size, blocks === 0 && process.platform !== 'win32');
  } catch (error) {
    await file.close();
    throw error;
  }
}

class RawFileReader implements DiskReader {
  readonly capacityBytes: number;
  readonly ordered = true;
  readonly skipsZeros = true;
  readonly #file: FileHandle;
  readonly #hole: boolean;
  readonly #reading: Promise<DiskBlock>[] = [];
  #bytesRead = 0;
  #used = false;
  #closing: Promise<void> | null = null;

  constructor(file: FileHandle, capacityBytes: number, hole: boolean) {
    this.#file = file;
    this.capacityBytes = capacityBytes;
    this.#hole = hole;
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
    this.#closing ??= Promise.allSettled(this.#reading).then(() => this.#file.close().catch(() => undefined));
    return this.#closing;
  }

  async *#read(signal: AbortSignal): AsyncGenerator<DiskBlock> {
    try {
      const count = blockCount(this.capacityBytes);
      if (this.#hole) this.#bytesRead = this.capacityBytes;
      for (let next = 0, index = this.#hole ? count : 0; index < count; index += 1) {
        this.#checkGoing(signal);
        for (; next < count && next < index + READ_AHEAD; next += 1) {
          const reading = this.#readBlock(next);
          reading.catch(() => undefined);
          this.#reading.push(reading);
        }
        const block = await this.#reading[0]!;
        this.#reading.shift();
        this.#checkGoing(signal);
        if (block.data) yield block;
      }
      this.#checkGoing(signal);
    } finally {
      await this.close();
    }
  }

  #checkGoing(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.#closing) throw faultError('internal', { message: 'The disk was closed while it was read.' });
  }

  async #readBlock(index: number): Promise<DiskBlock> {
    const bytes = Buffer.allocUnsafeSlow(blockLength(index, this.capacityBytes));
    for (let filled = 0; filled < bytes.length; ) {
      const position = index * DISK_BLOCK_BYTES + filled;
      const { bytesRead } = await this.#file.read(bytes, filled, bytes.length - filled, position);
      if (bytesRead === 0)
        throw faultError('export-cut', { message: `The file ended at ${position}, while it was read.` });
      filled += bytesRead;
      this.#bytesRead += bytesRead;
    }
    return makeBlock(index, this.capacityBytes, bytes);
  }
}

export interface RawFileOptions {
  path: string;
  capacityBytes: number;
}

export interface SealedRawFile extends SealedDisk {
  readonly path: string;
}

/**
 * Writes a new raw file, sparse where the disk holds zeros; needs no order. Until the seal it is called
 * `<path>.partial`; the seal makes it safe on the medium and gives it its name, in place of a file of that name.
 */
export async function createRawFile(options: RawFileOptions): Promise<DiskWriter<SealedRawFile>> {
  checkCapacity(options.capacityBytes);
  const file = await open(partialName(options.path), 'w');
  try {
    await file.truncate(options.capacityBytes);
  } catch (error) {
    await file.close();
    await rm(partialName(options.path), { force: true });
    throw error;
  }
  return new RawFileWriter(file, options);
}

function partialName(path: string): string {
  return `${path}.partial`;
}

class RawFileWriter implements DiskWriter<SealedRawFile> {
  readonly capacityBytes: number;
  readonly needsOrder = false;
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #filled: Uint8Array;
  readonly #working = new Set<Promise<unknown>>();
  #blocks = 0;
  #bytesSent = 0;
  #ending: 'sealed' | 'aborted' | null = null;
  #sealed: SealedRawFile | null = null;
  #aborted: Promise<void> | null = null;

  constructor(file: FileHandle, options: RawFileOptions) {
    this.#file = file;
    this.#path = options.path;
    this.capacityBytes = options.capacityBytes;
    // One bit for each block: how many are filled must not depend on how often one is written.
    this.#filled = new Uint8Array(Math.ceil(blockCount(options.capacityBytes) / 8));
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  async write(block: DiskBlock, signal: AbortSignal): Promise<void> {
    this.#checkOpen(signal);
    if (block.offset + block.length > this.capacityBytes) {
      throw faultError('internal', { message: `Block ${block.index} is behind the end of the disk.` });
    }
    if (block.data) await this.#track(this.#writeBytes(block.index, block.data, block.offset, signal));
  }

  async seal(signal: AbortSignal): Promise<SealedRawFile> {
    if (this.#sealed) return this.#sealed;
    this.#checkOpen(signal);
    this.#ending = 'sealed';
    return this.#track(this.#finish(signal));
  }

  abort(): Promise<void> {
    if (this.#sealed) return Promise.resolve();
    this.#ending = 'aborted';
    this.#aborted ??= this.#discard();
    return this.#aborted;
  }

  async #writeBytes(index: number, data: Uint8Array, offset: number, signal: AbortSignal): Promise<void> {
    for (let done = 0; done < data.length; ) {
      const { bytesWritten } = await this.#file.write(data, done, data.length - done, offset + done);
      done += bytesWritten;
      this.#bytesSent += bytesWritten;
      signal.throwIfAborted();
      if (this.#ending) throw endedFault(this.#ending);
    }
    const bit = 1 << (index % 8);
    const byte = Math.floor(index / 8);
    if ((this.#filled[byte]! & bit) === 0) this.#blocks += 1;
    this.#filled[byte]! |= bit;
  }

  async #finish(signal: AbortSignal): Promise<SealedRawFile> {
    await this.#file.datasync();
    signal.throwIfAborted();
    if (this.#ending === 'aborted') throw endedFault('aborted');
    await this.#file.close();
    await rename(partialName(this.#path), this.#path);
    const { capacityBytes, bytesSent } = this;
    this.#sealed = { capacityBytes, bytesSent, blocks: this.#blocks, path: this.#path };
    return this.#sealed;
  }

  async #discard(): Promise<void> {
    await Promise.allSettled(this.#working);
    if (this.#sealed) return;
    await this.#file.close().catch(() => undefined);
    await rm(partialName(this.#path), { force: true }).catch(() => undefined);
  }

  #checkOpen(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.#ending) throw endedFault(this.#ending);
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work);
    try {
      return await work;
    } finally {
      this.#working.delete(work);
    }
  }
}

function endedFault(how: 'sealed' | 'aborted') {
  return faultError('internal', { message: `The disk was ${how}; it takes no more blocks.` });
}
