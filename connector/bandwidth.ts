// What this connector may send in all, as the console said last. One bucket for every disk under way.
import { TokenBucket } from '../replication/disks/with-throttle.ts';

/** No line is as fast: the same as no limit. */
const UNLIMITED = 1e15;
/** Little, so that a limit is felt from the first second on. */
const BURST_BYTES = 1_048_576;

export class Bandwidth {
  readonly bucket = new TokenBucket({ bytesPerSecond: UNLIMITED, burstBytes: BURST_BYTES });
  #now: number | null = null;

  /** Bytes a second; null for no limit. Counts from now on, for copies under way too. */
  set(bytesPerSecond: number | null): void {
    if (bytesPerSecond === this.#now) return;
    this.#now = bytesPerSecond;
    this.bucket.setRate(bytesPerSecond ?? UNLIMITED);
  }
}
