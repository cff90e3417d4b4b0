// Signing in with e-mail and password.
import { and, asc, eq, isNull } from 'drizzle-orm';
import { database, type Queries } from '../../db/client.ts';
import { members, users } from '../../db/schema/people.ts';
import { verifyPassword } from './passwords.ts';
import { SignInThrottle } from './sign-in-throttle.ts';

export type SignInResult =
  | { ok: true; userId: string; sessionVersion: number; workspaceId: string }
  /** The same answer for an unknown e-mail, a wrong password and a removed member. */
  | { ok: false; reason: 'wrong' }
  | { ok: false; reason: 'too-many'; retryAfterSeconds: number };

export interface SignInThrottles {
  /** Per e-mail and address: a person who mistypes. */
  pair: SignInThrottle;
  /** Per e-mail from anywhere: somebody who changes addresses. Wide, so that nobody is locked out by a stranger's few tries. */
  email: SignInThrottle;
  /** Per address: somebody who tries one password on many people. */
  address: SignInThrottle;
}

export function newThrottles(now: () => number = Date.now): SignInThrottles {
  return {
    pair: new SignInThrottle({ free: 5, firstWaitMs: 30_000, longestWaitMs: 900_000 }, now),
    email: new SignInThrottle({ free: 100, firstWaitMs: 30_000, longestWaitMs: 300_000 }, now),
    address: new SignInThrottle({ free: 60, firstWaitMs: 10_000, longestWaitMs: 300_000 }, now),
  };
}

// On globalThis: Next loads modules twice, and the two copies must count together.
const slot = globalThis as { landfallSignInThrottles?: SignInThrottles };

function sharedThrottles(): SignInThrottles {
  slot.landfallSignInThrottles ??= newThrottles();
  return slot.landfallSignInThrottles;
}

/** Checks e-mail and password; counts the try first. */
export async function signIn(
  input: { email: string; password: string; address: string | null },
  options: { db?: Queries; throttles?: SignInThrottles } = {},
): Promise<SignInResult> {
  const throttles = options.throttles ?? sharedThrottles();
  const email = input.email.trim().toLowerCase().slice(0, 320);
  const address = input.address ?? 'unknown';
  const pair = `${email} ${address}`;
  const asked: [SignInThrottle, string][] = [
    [throttles.pair, pair],
    [throttles.email, email],
    [throttles.address, address],
  ];
  for (const [throttle, key] of asked) {
    const verdict = throttle.take(key);
    if (!verdict.allowed) {
      return { ok: false, reason: 'too-many', retryAfterSeconds: Math.max(1, Math.ceil(verdict.retryAfterMs / 1000)) };
    }
  }
  const db = options.db ?? database();
  const [user] = await db
    .select({
      id: users.id,
      passwordHash: users.passwordHash,
      sessionVersion: users.sessionVersion,
      workspaceId: members.workspaceId,
    })
    .from(users)
    .innerJoin(members, and(eq(members.userId, users.id), isNull(members.removedAt)))
    .where(eq(users.email, email))
    .orderBy(asc(members.createdAt), asc(members.id))
    .limit(1);
  const right = await verifyPassword(user?.passwordHash ?? null, input.password);
  if (!user || !right) return { ok: false, reason: 'wrong' };
  throttles.pair.clear(pair);
  return { ok: true, userId: user.id, sessionVersion: user.sessionVersion, workspaceId: user.workspaceId };
}
