// Slows down who guesses passwords. In memory of the web process.

export interface ThrottleRule {
  /** Tries that cost nothing. */
  free: number;
  /** First wait after the free tries, in milliseconds; each further try doubles it. */
  firstWaitMs: number;
  longestWaitMs: number;
}

interface Entry {
  tries: number;
  /** No try counts before this time (ms since the epoch). */
  openAt: number;
  lastAt: number;
}

export type Verdict = { allowed: true } | { allowed: false; retryAfterMs: number };

const MAX_ENTRIES = 20_000;

/** Counts tries per key. `take` counts before the password is looked at, so that parallel guesses do not slip through. */
export class SignInThrottle {
  readonly #rule: ThrottleRule;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(rule: ThrottleRule, now: () => number = Date.now) {
    this.#rule = rule;
    this.#now = now;
  }

  /** Asks for one try. A refused try is not counted, so waiting as told always helps. */
  take(key: string): Verdict {
    const now = this.#now();
    const { free, firstWaitMs, longestWaitMs } = this.#rule;
    let entry = this.#entries.get(key);
    // Who kept still for as long as the longest wait starts afresh.
    if (!entry || now - Math.max(entry.lastAt, entry.openAt) >= longestWaitMs)
      entry = { tries: 0, openAt: 0, lastAt: now };
    if (now < entry.openAt) return { allowed: false, retryAfterMs: entry.openAt - now };
    entry.tries += 1;
    entry.lastAt = now;
    if (entry.tries >= free) entry.openAt = now + Math.min(longestWaitMs, firstWaitMs * 2 ** (entry.tries - free));
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > MAX_ENTRIES) this.#forgetOldest();
    return { allowed: true };
  }

  /** The right password: the key starts afresh. */
  clear(key: string): void {
    this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }

  #forgetOldest(): void {
    const oldest = this.#entries.keys().next().value;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
