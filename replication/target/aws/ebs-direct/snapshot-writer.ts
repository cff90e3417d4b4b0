// Writes the blocks of one disk into a started EBS snapshot, in any order and many at a time, and completes it.
// Made by ebs-direct.ts, for a new snapshot or to go on with one.
import { z } from 'zod';
import {
  blockCount,
  checkCapacity,
  DISK_BLOCK_BYTES,
  type DiskBlock,
  ZERO_BLOCK_DIGEST,
} from '../../../disks/block.ts';
import type { WriterCheckpoint } from '../../../disks/writer.ts';
import { faultError } from '../../../model/fault.ts';
import type { AwsClients } from '../clients.ts';
import type { BlockCalls } from './block-calls.ts';
import { LinearChecksum, linearChecksumOf } from './linear-checksum.ts';
import type { Completion, SealedSnapshot, SnapshotWriter, SnapshotWriterOptions } from './port.ts';
import { untilKnown } from './until-known.ts';
import { WrittenBlocks } from './written-blocks.ts';

const ZEROS = new Uint8Array(DISK_BLOCK_BYTES);

const stateSchema = z.object({
  snapshotId: z.string(),
  /** Blocks at AWS that are not zeros. */
  dataBlocks: z.number().int().nonnegative(),
  written: z.string(),
});

/** Asks AWS to complete a snapshot; asked again for one that is completed or on its way, it changes nothing. */
export async function completeSnapshot(
  clients: AwsClients,
  snapshotId: string,
  { changedBlocks, linearChecksum }: Completion,
  signal: AbortSignal,
): Promise<void> {
  await clients.ebs(
    'ebs:CompleteSnapshot',
    signal,
    (ebs, http) =>
      ebs.completeSnapshot(
        {
          SnapshotId: snapshotId,
          ChangedBlocksCount: changedBlocks,
          ...(linearChecksum && {
            Checksum: linearChecksum,
            ChecksumAlgorithm: 'SHA256',
            ChecksumAggregationMethod: 'LINEAR',
          }),
        },
        http,
      ),
    { refused: 'ebs-snapshot-failed' },
  );
}

interface WriterInput extends SnapshotWriterOptions {
  capacityBytes: number;
  snapshotId: string;
  /** Zeros are written, since the parent's bytes would show through. */
  hasParent: boolean;
  /** How long AWS may not know a snapshot that it has just made, in milliseconds. */
  notFoundMs: number;
}

/** Goes on with the snapshot of a checkpoint. @throws `internal` when it is none of this disk. */
export function resumeWriter(
  clients: AwsClients,
  calls: BlockCalls,
  input: Omit<WriterInput, 'snapshotId'> & { checkpoint: WriterCheckpoint },
): SnapshotWriter {
  const state = stateSchema.safeParse(input.checkpoint.state);
  if (!state.success) {
    throw faultError('internal', { message: 'The checkpoint of a snapshot cannot be read.' }, state.error);
  }
  const { snapshotId, dataBlocks, written } = state.data;
  const known = WrittenBlocks.fromText(written, blockCount(input.capacityBytes));
  return new EbsSnapshotWriter(clients, calls, { ...input, snapshotId }, known, dataBlocks);
}

export class EbsSnapshotWriter implements SnapshotWriter {
  readonly needsOrder = false;
  readonly capacityBytes: number;
  readonly snapshotId: string;
  readonly #clients: AwsClients;
  readonly #calls: BlockCalls;
  readonly #input: WriterInput;
  readonly #blocks: number;
  readonly #knownBy: number;
  readonly #written: WrittenBlocks;
  readonly #linear = new LinearChecksum();
  readonly #stop = new AbortController();
  readonly #working = new Set<Promise<unknown>>();
  /** Indexes that were given to us and are not safe: on their way, or failed. */
  readonly #unsafe = new Set<number>();
  #dataBlocks: number;
  #bytesSent = 0;
  #lastIndex = -1;
  #ascending = true;
  #state: 'open' | 'sealing' | 'sealed' | 'ended' = 'open';
  #sealed: SealedSnapshot | null = null;
  #joined: { with: AbortSignal; signal: AbortSignal } | null = null;

  constructor(
    clients: AwsClients,
    calls: BlockCalls,
    input: WriterInput,
    written = new WrittenBlocks(blockCount(input.capacityBytes)),
    dataBlocks = 0,
  ) {
    checkCapacity(input.capacityBytes);
    this.#clients = clients;
    this.#calls = calls;
    this.#input = input;
    this.capacityBytes = input.capacityBytes;
    this.snapshotId = input.snapshotId;
    this.#blocks = blockCount(input.capacityBytes);
    this.#knownBy = performance.now() + input.notFoundMs;
    this.#written = written;
    this.#dataBlocks = dataBlocks;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  async write(block: DiskBlock, signal: AbortSignal): Promise<void> {
    this.#checkOpen();
    signal.throwIfAborted();
    const { index, data, digest } = block;
    if (!(index >= 0 && index < this.#blocks)) {
      throw faultError('internal', { message: `Block ${index} does not lie in a disk of ${this.#blocks} blocks.` });
    }
    if (!this.#unsafe.has(index)) {
      if (index <= this.#lastIndex) this.#ascending = false;
      this.#lastIndex = Math.max(this.#lastIndex, index);
    }
    if (data === null && !this.#input.hasParent) return;
    if (!this.#written.has(index)) {
      this.#unsafe.add(index);
      const call = {
        snapshotId: this.snapshotId,
        index,
        bytes: data === null ? ZEROS : wholeBlock(data),
        digest,
        knownBy: this.#knownBy,
      };
      await this.#track(this.#calls.put(call, this.#stopWith(signal)));
      this.#bytesSent += DISK_BLOCK_BYTES;
      if (this.#written.add(index) && data !== null) this.#dataBlocks += 1;
      this.#unsafe.delete(index);
    }
    this.#linear.add(index, digest);
  }

  get completion(): Completion {
    const changedBlocks = this.#written.count;
    return { changedBlocks, linearChecksum: this.#linear.value(changedBlocks) };
  }

  checkpoint(): WriterCheckpoint {
    let nextIndex = this.#ascending ? this.#lastIndex + 1 : 0;
    for (const index of this.#unsafe) nextIndex = Math.min(nextIndex, index);
    const state: z.infer<typeof stateSchema> = {
      snapshotId: this.snapshotId,
      dataBlocks: this.#dataBlocks,
      written: this.#written.toText(),
    };
    return { nextIndex, state };
  }

  async seal(signal: AbortSignal): Promise<SealedSnapshot> {
    if (this.#sealed) return this.#sealed;
    this.#checkOpen();
    if (this.#unsafe.size > 0) {
      const message = `${this.#unsafe.size} blocks of ${this.snapshotId} were not written; it cannot be completed.`;
      throw faultError('internal', { message });
    }
    this.#state = 'sealing';
    try {
      signal.throwIfAborted();
      const sealed = await this.#track(this.#complete(this.#stopWith(signal)));
      this.#sealed = sealed;
      this.#state = 'sealed';
      return sealed;
    } catch (error) {
      if (this.#state === 'sealing') this.#state = 'ended';
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (this.#state === 'sealed') return;
    this.#state = 'ended';
    this.#stop.abort(faultError('cancelled', { message: `Writing the snapshot ${this.snapshotId} was aborted.` }));
    await Promise.allSettled(this.#working);
  }

  async #complete(signal: AbortSignal): Promise<SealedSnapshot> {
    const changedBlocks = this.#written.count;
    const digests = this.#input.digests;
    const linearChecksum =
      this.#linear.value(changedBlocks) ??
      (digests ? await linearChecksumOf(this.#written.indexes(), digests(signal), ZERO_BLOCK_DIGEST) : null);
    const complete = () => completeSnapshot(this.#clients, this.snapshotId, { changedBlocks, linearChecksum }, signal);
    await untilKnown(complete, this.#knownBy, signal);
    return {
      snapshotId: this.snapshotId,
      capacityBytes: this.capacityBytes,
      bytesSent: this.#bytesSent,
      blocks: this.#dataBlocks,
      changedBlocks,
      linearChecksum,
    };
  }

  #checkOpen(): void {
    if (this.#state === 'open') return;
    this.#stop.signal.throwIfAborted();
    throw faultError('internal', { message: `The snapshot ${this.snapshotId} takes nothing more.` });
  }

  /** The caller's signal and our own as one; made once for all the blocks that come with the same signal. */
  #stopWith(signal: AbortSignal): AbortSignal {
    if (this.#joined?.with !== signal) {
      this.#joined = { with: signal, signal: AbortSignal.any([signal, this.#stop.signal]) };
    }
    return this.#joined.signal;
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

/** The last block of a disk filled up with zeros; all others as they are. */
function wholeBlock(data: Uint8Array): Uint8Array {
  if (data.length === DISK_BLOCK_BYTES) return data;
  const whole = new Uint8Array(DISK_BLOCK_BYTES);
  whole.set(data);
  return whole;
}
