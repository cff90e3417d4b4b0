// Waiting in place until a site that is away answers again: a call of vCenter or AWS, a range of a disk, an upload's part.
// Only work that was begun with patience waits; everything else (a page, a health check, a release) hears of the outage at
// once. The patience belongs to the work and not to the call, so it travels with the work's own asynchronous context.
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Fault, FaultError, toFault } from '../model/fault.ts';
import { isOutage, waitedInVain } from '../model/outage.ts';
import { pause } from './pause.ts';

export interface PatienceOptions {
  /** How long an outage is waited out. */
  forMs: number;
  /** Told what is waited for and until when; null when nothing is any more. */
  tell(waiting: { fault: Fault; until: Date } | null): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

class Patience {
  readonly forMs: number;
  readonly #tell: PatienceOptions['tell'];
  readonly #waiting = new Set<object>();

  constructor({ forMs, tell }: PatienceOptions) {
    this.forMs = forMs;
    this.#tell = tell;
  }

  wait(who: object, fault: Fault, until: Date): void {
    this.#waiting.add(who);
    this.#tell({ fault, until });
  }

  over(who: object): void {
    if (this.#waiting.delete(who) && this.#waiting.size === 0) this.#tell(null);
  }
}

const current = new AsyncLocalStorage<Patience | null>();

/** Runs work whose calls wait for a site that is away. */
export function withPatience<T>(options: PatienceOptions, work: () => Promise<T>): Promise<T> {
  return current.run(new Patience(options), work);
}

/** Runs a part of such work that shall hear of an outage at once. */
export function withoutPatience<T>(work: () => Promise<T>): Promise<T> {
  return current.run(null, work);
}

/** Milliseconds for which an outage is waited out here; null where nothing waits. */
export function patienceMs(): number | null {
  return current.getStore()?.forMs ?? null;
}

export interface OutlastOptions {
  /** The fault of an error; default: the one inside it. */
  faultOf?: (error: unknown) => Fault;
  /** Whether to wait, told of the error; default: its fault is an outage. */
  when?: (theFault: Fault, error: unknown) => boolean;
  /**
   * When the site answered last, by `performance.now()`; for attempts that are more than one call. How long an attempt took
   * says nothing of that: a site that takes connections and never answers lets each last as long as its time-outs.
   */
  answeredAt?: () => number;
}

/**
 * Calls `attempt` until it meets no outage any more. An outage is measured from its first failure, anew where the site
 * answered in between; when the patience is at its end its fault is thrown with `later`: it was waited for. Rejects with the signal's reason when that is aborted.
 */
export async function outlast<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  options: OutlastOptions = {},
): Promise<T> {
  const patience = current.getStore();
  if (!patience) return attempt();
  const { faultOf = toFault, when = isOutage, answeredAt } = options;
  const who = {};
  let since: number | null = null;
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        const theFault = faultOf(error);
        if (!when(theFault, error)) throw error;
        const now = performance.now();
        if (since === null || (answeredAt && answeredAt() > since)) {
          since = now;
          tries = 0;
        }
        const left = patience.forMs - (now - since);
        if (left <= 0) throw new FaultError(waitedInVain(theFault, patience.forMs), { cause: error });
        patience.wait(who, theFault, new Date(Date.now() + left));
      }
      const longest = Math.min(LONGEST_PAUSE_MS, patience.forMs / 20, FIRST_PAUSE_MS * 2 ** Math.min(tries, 6));
      const pauseMs = longest / 2 + (Math.random() * longest) / 2;
      await pause(pauseMs, signal);
    }
  } finally {
    patience.over(who);
  }
}
