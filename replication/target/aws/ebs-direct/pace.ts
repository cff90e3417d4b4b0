// How many block calls of one AWS target are under way at once: up to a limit, fewer when AWS asks for fewer or answers
// too late, and slowly more again (additive increase, multiplicative decrease).

const DECREASE = 0.7;

export class Pace {
  readonly #most: number;
  #window: number;
  #busy = 0;
  /** Clock of the last decrease: calls that began before it say nothing new about the present pace. */
  #decreasedAt = Number.NEGATIVE_INFINITY;
  readonly #waiting = new Set<() => void>();

  constructor(most: number) {
    this.#most = most;
    this.#window = most;
  }

  /** Calls that may be under way now. */
  get window(): number {
    return Math.max(1, Math.floor(this.#window));
  }

  /** Resolves when a call may begin, in the order of asking; `leave` must follow. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#busy < this.window && this.#waiting.size === 0) {
      this.#busy += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const admit = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        this.#waiting.delete(admit);
        reject(signal.reason);
      };
      this.#waiting.add(admit);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  leave(): void {
    this.#busy -= 1;
    for (const admit of this.#waiting) {
      if (this.#busy >= this.window) break;
      this.#waiting.delete(admit);
      this.#busy += 1;
      admit();
    }
  }

  wentThrough(): void {
    this.#window = Math.min(this.#most, this.#window + 1 / this.#window);
  }

  /** AWS asked for fewer calls, or a call that began at `startedAt` (performance.now()) took too long. */
  slowDown(startedAt: number): void {
    if (startedAt <= this.#decreasedAt) return;
    this.#decreasedAt = performance.now();
    this.#window = Math.max(1, this.#window * DECREASE);
  }
}
