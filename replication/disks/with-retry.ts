// Tries a block again that a writer failed to take, or a read that failed at its place. Wrappers: a writer or a
// seekable disk again.
// Only for writers that need no order: there a block may be written twice. A stream cannot be taken back, so a writer
// that needs order, and every reader, retries below this level: one upload part, one request (`retrying`).
import { faultError, toFault } from '../model/fault.ts';
import { pause } from './pause.ts';
import type { SeekableDisk } from './reader.ts';
import type { DiskWriter, SealedDisk } from './writer.ts';

export interface RetryPolicy {
  /** Tries in all, the first one included. Default 5. */
  attempts?: number;
  /** The wait before try n is random between 0 and min(`longestMs`, `firstMs` * 2^(n-2)). Defaults 10 000 and 200. */
  firstMs?: number;
  longestMs?: number;
  /** Whether trying again can help. Default: the error is a fault that says `now`. */
  when?: (error: unknown) => boolean;
  random?: () => number;
  sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Runs `attempt` until it goes through, the tries are used up, or the signal is aborted; throws the last error.
 * Not p-retry: waits are drawn from zero up, so that many blocks do not come again together, and tests hand them in.
 */
export async function retrying<T>(attempt: () => Promise<T>, policy: RetryPolicy, signal: AbortSignal): Promise<T> {
  const { attempts = 5, firstMs = 200, longestMs = 10_000, random = Math.random } = policy;
  const when = policy.when ?? ((error: unknown) => toFault(error).retry === 'now');
  const sleep = policy.sleep ?? pause;
  for (let tried = 1; ; tried += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (tried >= attempts || !when(error)) throw error;
      try {
        await sleep(random() * Math.min(longestMs, firstMs * 2 ** (tried - 1)), signal);
      } finally {
        signal.throwIfAborted();
      }
    }
  }
}

/** Tries each failed write again by the policy. Refuses a writer that needs order. */
export function withRetry<Sealed extends SealedDisk>(
  writer: DiskWriter<Sealed>,
  policy: RetryPolicy = {},
): DiskWriter<Sealed> {
  if (writer.needsOrder) {
    throw faultError('internal', { message: 'A writer that needs order cannot be given a block twice.' });
  }
  return {
    capacityBytes: writer.capacityBytes,
    needsOrder: false,
    get bytesSent() {
      return writer.bytesSent;
    },
    write: (block, signal) => retrying(() => writer.write(block, signal), policy, signal),
    seal: (signal) => writer.seal(signal),
    abort: () => writer.abort(),
    ...(writer.checkpoint ? { checkpoint: () => writer.checkpoint?.() ?? null } : {}),
  };
}

/** Tries each failed read again by the policy. */
export function withReadRetry(disk: SeekableDisk, policy: RetryPolicy = {}): SeekableDisk {
  return {
    capacityBytes: disk.capacityBytes,
    read: (offset, length, signal) => retrying(() => disk.read(offset, length, signal), policy, signal),
    close: () => disk.close(),
  };
}
