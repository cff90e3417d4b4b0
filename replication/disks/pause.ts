// Waits that an abort ends. Node's own wait rejects with an error of its own then; ours with the signal's reason, which says why.
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so many milliseconds; rejects with the signal's reason as soon as it is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Waits so many milliseconds, or until the signal is aborted: for loops that look at the signal themselves. */
export async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
