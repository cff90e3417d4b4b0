// How often the copy of a disk is begun again after it broke off, and when that has no sense any more.
import { type Fault, FaultError } from '../../model/fault.ts';
import { isOutage } from '../../model/outage.ts';

/** A stream that is cut in the middle of a disk is begun again so often with that disk; what was copied before it is kept. */
const MOST_CUTS = 5;
/** And over outages so often, when each time some of it came: it would never come to its end. */
const MOST_RESTARTS = 20;

export class CopyRestarts {
  #movedAt = 0;
  #hasMoved = false;
  /** Failures, and those of them before which bytes came, since a disk was copied. */
  #failures = 0;
  #broken = 0;
  #copied = 0;

  /** When bytes of a disk came last, by `performance.now()`. */
  get movedAt(): number {
    return this.#movedAt;
  }

  /** Bytes of a disk came. */
  moved(): void {
    this.#movedAt = performance.now();
    this.#hasMoved = true;
  }

  /**
   * Whether the copy is begun again after a fault, with so many disks copied by then, and whether it is the first since a disk
   * was copied. Throws the fault with `later` when the same disk was begun too often.
   */
  after(theFault: Fault, copied: number): { again: boolean; isFirst: boolean } {
    // More than ever: where what was copied does not count any more, the same disks once more are no progress.
    if (copied > this.#copied) this.#failures = this.#broken = 0;
    this.#copied = Math.max(this.#copied, copied);
    this.#failures += 1;
    if (this.#hasMoved) this.#broken += 1;
    this.#hasMoved = false;
    if (this.#broken > MOST_RESTARTS) {
      const message = `${theFault.message} The same disk was begun ${this.#broken} times, and broke off each time.`;
      throw new FaultError({ ...theFault, message, retry: 'later' });
    }
    const again = isOutage(theFault) || (theFault.code === 'export-cut' && this.#failures < MOST_CUTS);
    return { again, isFirst: this.#failures === 1 };
  }
}
