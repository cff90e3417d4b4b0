// Failures of the console's own database as faults, and waiting for it. Every surface and the engine map with `faultOf`.
import { setTimeout as delay } from 'node:timers/promises';
import { databaseFailure } from '../../db/failures.ts';
import { type Fault, FaultError, fault, toFault } from '../../replication/model/fault.ts';

/** The fault inside an error; one of the database is told apart from what nobody knows. */
export function faultOf(error: unknown): Fault {
  const theFault = toFault(error);
  if (theFault.code !== 'internal' || hasFault(error)) return theFault;
  const failure = databaseFailure(error);
  if (failure === 'away') return fault('console-database-away');
  if (failure === 'busy') return fault('being-changed');
  return theFault;
}

function hasFault(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1)
    if (at instanceof FaultError) return true;
  return false;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Runs work on the database again and again while the database is away or busy, until the signal is aborted (then with its
 * reason) or `forMs` have passed. The work must bear to be run again after its commit whose answer was lost.
 */
export async function untilDatabaseAnswers<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  forMs = Number.POSITIVE_INFINITY,
): Promise<T> {
  const end = performance.now() + forMs;
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FaultError || !databaseFailure(error) || performance.now() > end) throw error;
    }
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 5));
    await delay(pause, null, { signal }).catch(() => signal.throwIfAborted());
  }
}
