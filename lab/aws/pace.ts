// How fast time passes for what the lab's AWS does by itself (tasks, snapshots, instances).
import type { LabAwsContext } from './context.ts';

/** `timeScale` 1 is the demonstration's pace (seconds); tests take 0.01 or so. Left out, it is 1. */
export type PacedContext = LabAwsContext & { timeScale?: number };

/** Milliseconds of this lab for milliseconds at the demonstration's pace; never 0. */
export function paced(context: PacedContext, ms: number): number {
  return Math.max(1, ms * (context.timeScale ?? 1));
}

/** Timers that end with the part that set them. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();
  readonly #stop = new AbortController();

  /** Aborted when the part closes. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  after(ms: number, then: () => void): void {
    if (this.#stop.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      then();
    }, ms);
    timer.unref();
    this.#running.add(timer);
  }

  stop(): void {
    this.#stop.abort();
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
