// Writes a block pack, byte after byte, as a DiskWriter: what S3 staging uploads for a delta. layout.ts shows the bytes.
// Whoever may import replication/disks may import it.
import { createHash } from 'node:crypto';
import { faultError } from '../../../model/fault.ts';
import { blockCount, blockLength, checkCapacity, type DiskBlock } from '../../block.ts';
import { BlockSet } from '../../block-set.ts';
import type { DiskWriter, SealedDisk } from '../../writer.ts';
import { ChunkSink, type Sink } from '../chunk-sink.ts';
import { buildHead, buildHeader, DIGEST_BYTES, HEAD_BYTES, KIND, LARGEST_LABEL, TRAILER_INDEX } from './layout.ts';
import { type CompressBlock, compressOnPool } from './zstd-block.ts';

export interface WritePackOptions {
  capacityBytes: number;
  /** Takes the bytes of the pack in order, one call at a time; the chunk is the sink's own. Obeys the signal. */
  sink: Sink;
  /** What the pack is of, in up to 1,024 bytes; its reader can insist on it. Default empty. */
  label?: string;
  /** zstd's level, 1 by default. */
  level?: number;
  /** Blocks that are compressed or wait for their turn, each held in memory. Default 8. */
  inFlight?: number;
  /** Replaces compressing on libuv's pool. */
  compress?: CompressBlock;
}

export interface SealedPack extends SealedDisk {
  /** Blocks that the pack tells of, those of zeros among them. */
  readonly records: number;
  /** SHA-256 in the trailer, in hex: over everything before it. */
  readonly sha256: string;
}

/**
 * Makes a writer of a new pack. It needs no order; a block of zeros becomes a record of 41 bytes, a block that is not
 * written does not exist in it. A block written again is in it once. A failed sink breaks it for good: a stream cannot
 * be taken back, so `withRetry` around it is of no use. On `abort` it stops calling the sink.
 */
export function createBlockPack(options: WritePackOptions): DiskWriter<SealedPack> {
  checkCapacity(options.capacityBytes);
  if (Buffer.byteLength(options.label ?? '') > LARGEST_LABEL) {
    throw faultError('internal', { message: `The label of a pack is longer than ${LARGEST_LABEL} bytes.` });
  }
  return new PackWriter(options);
}

interface Stored {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

class PackWriter implements DiskWriter<SealedPack> {
  readonly capacityBytes: number;
  readonly needsOrder = false;
  readonly #out: ChunkSink;
  readonly #compress: CompressBlock;
  readonly #label: string;
  readonly #limit: number;
  readonly #hash = createHash('sha256');
  readonly #stop = new AbortController();
  readonly #taken = new BlockSet();
  /** Blocks taken and not yet appended to the stream. */
  #inFlight = 0;
  readonly #waiting: (() => void)[] = [];
  /** Everything appended so far; the next one waits for it. */
  #tail: Promise<void>;
  #blocks = 0;
  #records = 0;
  #sealing: Promise<SealedPack> | null = null;
  #sealed: SealedPack | null = null;

  constructor(options: WritePackOptions) {
    this.capacityBytes = options.capacityBytes;
    this.#out = new ChunkSink(options.sink);
    this.#compress = options.compress ?? compressOnPool(options.level ?? 1);
    this.#label = options.label ?? '';
    this.#limit = Math.max(1, options.inFlight ?? 8);
    this.#tail = this.#append(buildHeader(this.capacityBytes, this.#label));
  }

  get bytesSent(): number {
    return this.#out.bytesSent;
  }

  async write(block: DiskBlock, signal: AbortSignal): Promise<void> {
    this.#checkOpen(signal);
    if (!fits(block, this.capacityBytes)) {
      const message = `Block ${block.index} does not fit a disk of ${this.capacityBytes} bytes.`;
      throw faultError('internal', { message });
    }
    try {
      while (this.#inFlight >= this.#limit) {
        await this.#room(signal);
        this.#checkOpen(signal);
      }
      if (this.#taken.add(block.index)) this.#take(block);
    } finally {
      // Whoever was given room and did not use it, because it gave up or its block is there already, hands it on.
      if (this.#inFlight < this.#limit) this.#waiting.shift()?.();
    }
  }

  async seal(signal: AbortSignal): Promise<SealedPack> {
    if (this.#sealed) return this.#sealed;
    this.#checkOpen(signal);
    this.#sealing = this.#finish();
    this.#sealing.catch(() => undefined);
    const onAbort = () => this.#break(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#sealing;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async abort(): Promise<void> {
    if (this.#sealed) return;
    this.#break(faultError('internal', { message: 'The disk was aborted; it takes no more blocks.' }));
    await this.#tail;
  }

  #take(block: DiskBlock): void {
    this.#inFlight += 1;
    this.#records += 1;
    if (block.data) this.#blocks += 1;
    const stored = this.#store(block.data);
    // It is waited for in its turn; until then nobody may take its failure for one that was overlooked.
    stored.catch(() => undefined);
    this.#tail = this.#record(this.#tail, block, stored).finally(() => {
      this.#inFlight -= 1;
      this.#waiting.shift()?.();
    });
  }

  async #store(data: Uint8Array | null): Promise<Stored> {
    if (data === null) return { kind: KIND.zero, bytes: NOTHING };
    const bytes = await this.#compress(data);
    return bytes.length < data.length ? { kind: KIND.zstd, bytes } : { kind: KIND.raw, bytes: data };
  }

  /** Appends one block behind the others. Never rejects: a failure breaks the writer. */
  async #record(before: Promise<void>, { index, digest }: DiskBlock, stored: Promise<Stored>): Promise<void> {
    await before;
    // Also where nothing is written any more: whoever waits for the tail waits for the pool.
    const { kind, bytes } = await stored.catch((error) => {
      this.#break(error);
      return { kind: KIND.zero, bytes: NOTHING };
    });
    await this.#append(buildHead({ index, length: bytes.length, kind, digest }), bytes);
  }

  /** Never rejects: a failure breaks the writer, and after that nothing is appended. */
  async #append(...parts: Uint8Array[]): Promise<void> {
    for (const part of parts) {
      if (this.#stop.signal.aborted) return;
      this.#hash.update(part);
      await this.#out.append(part, this.#stop.signal).catch((error) => this.#break(error));
    }
  }

  async #finish(): Promise<SealedPack> {
    await this.#tail;
    this.#stop.signal.throwIfAborted();
    const head = { index: TRAILER_INDEX, length: this.#records, kind: KIND.trailer, digest: NOTHING };
    this.#tail = this.#append(buildHead(head).subarray(0, HEAD_BYTES - DIGEST_BYTES));
    await this.#tail;
    const sha256 = this.#hash.copy().digest();
    this.#tail = this.#append(sha256).then(() =>
      this.#out.flush(this.#stop.signal).catch((error) => this.#break(error)),
    );
    await this.#tail;
    this.#stop.signal.throwIfAborted();
    const { capacityBytes, bytesSent } = this;
    const [blocks, records] = [this.#blocks, this.#records];
    this.#sealed = { capacityBytes, bytesSent, blocks, records, sha256: sha256.toString('hex') };
    return this.#sealed;
  }

  /** Resolves when a block left, when the writer broke, and when the signal is aborted. */
  async #room(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#waiting.push(wake);
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    signal.removeEventListener('abort', wake);
    const at = this.#waiting.indexOf(wake);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #break(error: unknown): void {
    this.#stop.abort(error);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #checkOpen(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#stop.signal.throwIfAborted();
    if (this.#sealing) throw faultError('internal', { message: 'The disk is sealed; it takes no more blocks.' });
  }
}

function fits({ index, length, data, digest }: DiskBlock, capacityBytes: number): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= blockCount(capacityBytes)) return false;
  return (
    length === blockLength(index, capacityBytes) &&
    (data?.length ?? length) === length &&
    digest.length === DIGEST_BYTES
  );
}
