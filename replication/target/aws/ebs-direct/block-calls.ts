// Block calls that are tried again until they go through or make no sense any more; all of one AWS target share a pace.
// The only retry layer of block calls. For the writer and the reader of this folder.
import { outlast, patienceMs } from '../../../disks/outlast.ts';
import { pause } from '../../../disks/pause.ts';
import { faultError, toFault } from '../../../model/fault.ts';
import { awsFault, awsFaultRow, awsSignature } from '../faults.ts';
import { backoffMs, PART_RETRY, type PartRetry } from '../part-sender.ts';
import type { BlockAnswer, BlockWire } from './block-wire.ts';
import { Pace } from './pace.ts';

export interface BlockCallOptions {
  /** Calls under way at once, of all snapshots together. */
  concurrency: number;
  retry: PartRetry;
}

export const BLOCK_CALL_OPTIONS: BlockCallOptions = { concurrency: 64, retry: { ...PART_RETRY, baseMs: 100 } };

/** Trouble that is over within this time is nobody's news. */
const QUIET_MS = 5_000;

/** A block that arrived damaged is sent again so often; after that it was damaged before it was sent. */
const DAMAGED_TRIES = 3;

interface Call<T> {
  action: string;
  attempt: (signal: AbortSignal) => Promise<T>;
  /** Until then (performance.now()) a snapshot that AWS does not know may still become known. */
  knownBy?: number;
}

export class BlockCalls {
  readonly #wire: BlockWire;
  readonly #retry: PartRetry;
  readonly pace: Pace;

  constructor(wire: BlockWire, options: BlockCallOptions) {
    this.#wire = wire;
    this.#retry = options.retry;
    this.pace = new Pace(options.concurrency);
  }

  put(
    block: { snapshotId: string; index: number; bytes: Uint8Array; digest: Uint8Array; knownBy: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { snapshotId, index, bytes, digest, knownBy } = block;
    const attempt = (stop: AbortSignal) => this.#wire.put(snapshotId, index, bytes, digest, stop);
    return this.#again({ action: 'ebs:PutSnapshotBlock', attempt, knownBy }, signal);
  }

  /** `check` throws when the answer is not what it should be; then it is asked for again. */
  get<T>(
    block: { snapshotId: string; index: number; token: string },
    check: (answer: BlockAnswer) => T,
    signal: AbortSignal,
  ): Promise<T> {
    const { snapshotId, index, token } = block;
    const attempt = async (stop: AbortSignal) => check(await this.#wire.get(snapshotId, index, token, stop));
    return this.#again({ action: 'ebs:GetSnapshotBlock', attempt }, signal);
  }

  /** Its own tries go on for seconds where the work has patience: what an outage leaves is waited for, and said, above them. */
  #again<T>(call: Call<T>, signal: AbortSignal): Promise<T> {
    return outlast(() => this.#tryAgain(call, signal), signal);
  }

  async #tryAgain<T>(call: Call<T>, signal: AbortSignal): Promise<T> {
    const deadlineMs = patienceMs() === null ? this.#retry.deadlineMs : QUIET_MS;
    const start = performance.now();
    const state = { tries: 0, damaged: 0, skewed: 0, refreshed: 0 };
    for (;;) {
      await this.pace.enter(signal);
      const began = performance.now();
      let keys = '';
      let failure: unknown;
      try {
        keys = await this.#wire.keysInUse();
        const answer = await call.attempt(signal);
        this.pace.wentThrough();
        return answer;
      } catch (error) {
        failure = error;
      } finally {
        this.pace.leave();
      }
      signal.throwIfAborted();
      state.tries += 1;
      if (!(await this.#mayHelp(failure, call, state, keys, began))) throw refusal(failure, call.action);
      const wait = backoffMs(state.tries, this.#retry);
      if (performance.now() - start + wait > deadlineMs) throw givenUp(failure, call.action, state.tries);
      await pause(wait, signal);
    }
  }

  async #mayHelp(
    error: unknown,
    { knownBy }: Call<unknown>,
    state: { damaged: number; skewed: number; refreshed: number },
    keys: string,
    began: number,
  ): Promise<boolean> {
    const { code, message } = awsSignature(error);
    if (code === 'ResourceNotFoundException') return knownBy !== undefined && performance.now() < knownBy;
    // "Failed to read block data" is what AWS says when a block came too slowly.
    if (/failed to read block data/i.test(message)) {
      this.pace.slowDown(began);
      return true;
    }
    if (isDamaged(error)) {
      state.damaged += 1;
      return state.damaged < DAMAGED_TRIES;
    }
    const row = awsFaultRow(error);
    if (row?.id === 'token-expired') {
      state.refreshed += 1;
      return state.refreshed === 1 && (await this.#wire.refreshKeys(keys));
    }
    if (row?.id === 'clock-skewed') {
      state.skewed += 1;
      return state.skewed === 1 && this.#wire.learnClock((error as { $date?: unknown }).$date);
    }
    if (row?.id === 'throttled' || row?.id === 'timed-out') this.pace.slowDown(began);
    return row?.transient === true;
  }
}

/** The bytes that came are not those of the checksum: in either direction. */
export class DamagedBlock extends Error {}

function isDamaged(error: unknown): boolean {
  if (error instanceof DamagedBlock) return true;
  const { code, message } = awsSignature(error);
  if (code === 'ValidationException') return /checksum/i.test(message);
  return awsFaultRow(error)?.id === 'damaged-in-transit';
}

function refusal(error: unknown, action: string): Error {
  if (isDamaged(error)) {
    const message = `A block was damaged between this machine and AWS, ${DAMAGED_TRIES} times in a row.`;
    return faultError('ebs-snapshot-failed', { message }, error);
  }
  return awsFault(error, { action, refused: 'ebs-snapshot-failed' });
}

function givenUp(error: unknown, action: string, tries: number): Error {
  const told = toFault(refusal(error, action));
  return faultError(
    told.code,
    { ...told, message: `A block did not go through in ${tries} tries: ${told.message}` },
    error,
  );
}
