// What AWS does only so many of at once (imports, pending snapshots) is waited for: nothing that was copied is lost by it.

import { pause } from '../disks/pause.ts';
import { FaultError, faultError } from '../model/fault.ts';

/** Hours that a run waits for room; then something in the account needs a person. */
export const ROOM_HOURS = { importSnapshot: 12, importImage: 6, startSnapshot: 1 };

export interface RoomOptions {
  signal: AbortSignal;
  /** Milliseconds between two tries. */
  everyMs: number;
  deadlineMs: number;
  /** Told of AWS's words at each refusal, the first time with `first`. */
  onWait(words: string, first: boolean): void;
}

/** AWS's words when it refused because as much as may be is under way; null for every other error. */
export function noRoom(error: unknown): string | null {
  if (!(error instanceof FaultError)) return null;
  const { code, cause, message } = error.fault;
  // Throttling is an outage, and waited out as one (disks/outlast.ts).
  return code === 'aws-busy' ? (cause ?? message) : null;
}

/**
 * Calls until AWS has room. Rejects with the signal's reason when it is aborted, at once; with `aws-busy` after the
 * deadline; with every other error as it comes.
 */
export async function whenThereIsRoom<T>(call: () => Promise<T>, options: RoomOptions): Promise<T> {
  const began = performance.now();
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      const words = noRoom(error);
      if (words === null) throw error;
      if (performance.now() - began + options.everyMs > options.deadlineMs)
        throw stillNoRoom(options.deadlineMs, error);
      options.onWait(words, tries === 0);
      await pause(options.everyMs, options.signal);
    }
  }
}

/** The fault of a wait that lasted too long. */
export function stillNoRoom(waitedMs: number, error: unknown): FaultError {
  const hours = Math.round(waitedMs / 3_600_000);
  const waited = hours > 0 ? `${hours} hour${hours === 1 ? '' : 's'}` : `${Math.round(waitedMs / 1000)} seconds`;
  const words = noRoom(error);
  return faultError(
    'aws-busy',
    { message: `AWS had no room for more of this in ${waited}.`, ...(words && { cause: words }) },
    error,
  );
}
