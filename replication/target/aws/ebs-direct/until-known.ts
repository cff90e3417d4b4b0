// A snapshot that AWS has just made may be unknown to its other servers for up to two minutes.

import { pause } from '../../../disks/pause.ts';
import { hasAwsCode } from '../faults.ts';

const EVERY_MS = 1000;

/** Runs `call` again while AWS does not know the snapshot, until `knownBy` (performance.now()). */
export async function untilKnown<T>(call: () => Promise<T>, knownBy: number, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      if (!hasAwsCode(error, /^ResourceNotFoundException$/) || performance.now() >= knownBy) throw error;
    }
    const wait = Math.max(0, Math.min(EVERY_MS, knownBy - performance.now()));
    await pause(wait, signal);
  }
}
