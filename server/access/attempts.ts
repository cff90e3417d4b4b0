// Slows down who guesses passwords and links. Counted in PostgreSQL, for all webs together.
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Database } from '../../db/client.ts';
import { hashOfToken } from './link-token.ts';

/** So many tries in so many seconds, counted from the first; then the next one waits until they are over. */
interface Rule {
  points: number;
  seconds: number;
}

const RULES = {
  /** Of one account from one address: a person who mistypes, and how often a day somebody may go on with it. */
  pair: { points: 5, seconds: 30 },
  'pair-long': { points: 30, seconds: 900 },
  /** Of one account from addresses from which nobody has signed in to it: somebody who changes addresses. */
  account: { points: 100, seconds: 900 },
  /** From one address: somebody who tries one password on many people. */
  address: { points: 60, seconds: 300 },
  /** Links that lead nowhere, from one address. */
  link: { points: 20, seconds: 300 },
  /** The present password, asked again of who is signed in. */
  present: { points: 10, seconds: 300 },
  /** Codes of a second step, of one account: who tries them has its password. */
  code: { points: 5, seconds: 300 },
  'code-long': { points: 30, seconds: 86_400 },
  /** Requests that an access key did not sign as it should, of one key from one address, and of all from one address. */
  key: { points: 30, seconds: 60 },
  'key-address': { points: 300, seconds: 300 },
  /** A signature that changes something counts once, for as long as its time is good. */
  signature: { points: 1, seconds: 660 },
  /** Not a limit: that an account was signed in to from an address. */
  known: { points: 1, seconds: 90 * 86_400 },
} as const satisfies Record<string, Rule>;

type Kind = keyof typeof RULES;

export type Verdict = { allowed: true } | { allowed: false; retryAfterSeconds: number };

const limiters = new WeakMap<object, Map<Kind, RateLimiterPostgres>>();

function limiter(db: Database, kind: Kind): RateLimiterPostgres {
  const pool = db.$client;
  const made = limiters.get(pool) ?? new Map<Kind, RateLimiterPostgres>();
  limiters.set(pool, made);
  let found = made.get(kind);
  if (!found) {
    const { points, seconds } = RULES[kind];
    found = new RateLimiterPostgres({
      storeClient: pool,
      storeType: 'pool',
      tableName: 'attempts',
      tableCreated: true,
      // `trimHistory` deletes what is long over.
      clearExpiredByTimeout: false,
      keyPrefix: kind,
      points,
      duration: seconds,
    });
    made.set(kind, found);
  }
  return found;
}

/** Keys have a fixed length, and no e-mail or address of whoever tried lies about in the database. */
const keyOf = (text: string) => hashOfToken(text).slice(0, 40);

/** Counts one try, before it is looked at, so that parallel guesses do not slip through. */
export async function takeAttempt(db: Database, kind: Exclude<Kind, 'known'>, of: string): Promise<Verdict> {
  try {
    await limiter(db, kind).consume(keyOf(of));
    return { allowed: true };
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(refused.msBeforeNext / 1000)) };
  }
}

/** Whether no further try is allowed. Counts none: for what is asked far more often rightly than wrongly. */
export async function areAttemptsOver(db: Database, kind: Exclude<Kind, 'known'>, of: string): Promise<Verdict> {
  const tried = await limiter(db, kind).get(keyOf(of));
  if (!tried || tried.consumedPoints < RULES[kind].points) return { allowed: true };
  return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(tried.msBeforeNext / 1000)) };
}

/** It was right: the tries of this kind count no longer. */
export async function forgetAttempts(db: Database, kind: Exclude<Kind, 'known'>, of: string): Promise<void> {
  await limiter(db, kind).delete(keyOf(of));
}

/** It was right: this one try counts no longer, those of others do. */
export async function giveBackAttempt(db: Database, kind: Exclude<Kind, 'known'>, of: string): Promise<void> {
  await limiter(db, kind).reward(keyOf(of));
}

/** Whether somebody has signed in to the account from the address in the last 90 days. */
export async function isKnownAddress(db: Database, account: string, address: string): Promise<boolean> {
  return (await limiter(db, 'known').get(keyOf(`${account} ${address}`))) !== null;
}

export async function rememberAddress(db: Database, account: string, address: string): Promise<void> {
  await limiter(db, 'known').set(keyOf(`${account} ${address}`), 1, RULES.known.seconds);
}
