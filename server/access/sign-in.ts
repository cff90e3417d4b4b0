// Signing in with e-mail and password.

import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm';
import { type Database, database } from '../../db/client.ts';
import { members, signInChallenges, users, userTotp } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { now } from '../clock.ts';
import { forgetAttempts, giveBackAttempt, isKnownAddress, rememberAddress, takeAttempt } from './attempts.ts';
import { breakGlassUser } from './break-glass.ts';
import { hashOfToken, newLinkToken } from './link-token.ts';
import { verifyPassword } from './passwords.ts';
import { ssoOnly } from './sso-settings.ts';
import { tryCode } from './totp.ts';

export type SignInResult =
  | {
      ok: true;
      userId: string;
      sessionVersion: number;
      workspaceId: WorkspaceId;
      passwordHash: string;
      secondStep?: 'phone' | 'recovery';
    }
  /** The same answer for an unknown e-mail, a wrong password, a removed member, and one whom only single sign-on lets in. */
  | { ok: false; reason: 'wrong' }
  /** The password is right; a code is to be shown with this challenge. */
  | { ok: false; reason: 'code'; challenge: string }
  | { ok: false; reason: 'too-many'; retryAfterSeconds: number };

/** Checks e-mail and password; counts the try first. */
export async function signIn(
  input: { email: string; password: string; address: string | null },
  db: Database = database(),
): Promise<SignInResult> {
  const email = input.email.trim().toLowerCase().slice(0, 320);
  const tried = await tryPassword(db, { email, address: input.address });
  if (!tried.allowed) return { ok: false, reason: 'too-many', retryAfterSeconds: tried.retryAfterSeconds };
  const [user] = await db
    .select({
      id: users.id,
      passwordHash: users.passwordHash,
      sessionVersion: users.sessionVersion,
      workspaceId: members.workspaceId,
      hasTotp: sql<boolean>`exists (select from ${userTotp} t where t.user_id = ${users.id} and t.confirmed_at is not null)`,
    })
    .from(users)
    .innerJoin(members, and(eq(members.userId, users.id), isNull(members.removedAt), eq(members.bySso, false)))
    .where(and(eq(users.email, email), ssoOnly() ? eq(users.id, breakGlassUser()) : undefined))
    .orderBy(asc(members.createdAt), asc(members.id))
    .limit(1);
  const right = await verifyPassword(user?.passwordHash ?? null, input.password);
  if (!user || !right) return { ok: false, reason: 'wrong' };
  await tried.wasRight();
  const { id: userId, hasTotp, ...of } = user;
  if (hasTotp) return { ok: false, reason: 'code', challenge: await newChallenge(db, userId, of.passwordHash) };
  return { ok: true, userId, ...of };
}

/** Between the password and the code. */
const CHALLENGE_MS = 5 * 60_000;

async function newChallenge(db: Database, userId: string, passwordHash: string): Promise<string> {
  const { token, hash: tokenHash } = newLinkToken();
  const expiresAt = new Date(now().getTime() + CHALLENGE_MS);
  await db.insert(signInChallenges).values({ tokenHash, userId, passwordHash, expiresAt });
  return token;
}

export type SecondStepResult =
  | Exclude<SignInResult, { reason: 'code' } | { reason: 'wrong' }>
  | { ok: false; reason: 'code-wrong' }
  /** Used, too old, or the password is another one by now: the password is asked for again. */
  | { ok: false; reason: 'challenge-over' };

/** The second step: a code, with the challenge that the right password was answered with. It is good once. */
export async function finishSignIn(
  input: { challenge: string; code: string },
  db: Database = database(),
): Promise<SecondStepResult> {
  const open = and(
    eq(signInChallenges.tokenHash, hashOfToken(input.challenge)),
    isNull(signInChallenges.usedAt),
    gt(signInChallenges.expiresAt, now()),
  );
  const [user] = await db
    .select({
      id: users.id,
      passwordHash: users.passwordHash,
      shown: signInChallenges.passwordHash,
      sessionVersion: users.sessionVersion,
      workspaceId: members.workspaceId,
    })
    .from(signInChallenges)
    .innerJoin(users, eq(users.id, signInChallenges.userId))
    .innerJoin(members, and(eq(members.userId, users.id), isNull(members.removedAt), eq(members.bySso, false)))
    .where(and(open, ssoOnly() ? eq(users.id, breakGlassUser()) : undefined))
    .orderBy(asc(members.createdAt), asc(members.id))
    .limit(1);
  if (!user || user.shown !== user.passwordHash) return { ok: false, reason: 'challenge-over' };
  const verdict = await tryCode(db, user.id, input.code.slice(0, 100));
  if (!verdict.right) {
    const { retryAfterSeconds } = verdict;
    return retryAfterSeconds === undefined
      ? { ok: false, reason: 'code-wrong' }
      : { ok: false, reason: 'too-many', retryAfterSeconds };
  }
  const used = await db
    .update(signInChallenges)
    .set({ usedAt: now() })
    .where(open)
    .returning({ userId: signInChallenges.userId });
  if (used.length === 0) return { ok: false, reason: 'challenge-over' };
  const { id: userId, sessionVersion, workspaceId, passwordHash } = user;
  return { ok: true, userId, sessionVersion, workspaceId, passwordHash, secondStep: verdict.by };
}

/** Whoever set a new password by a link need not wait for what was tried with the old one. */
export async function forgetTries(db: Database, who: { email: string; address: string | null }): Promise<void> {
  const { email } = who;
  const pair = `${email} ${who.address ?? 'unknown'}`;
  await forgetAttempts(db, 'account', email);
  await forgetAttempts(db, 'pair', pair);
  await forgetAttempts(db, 'pair-long', pair);
}

export type PasswordTry =
  | { allowed: true; wasRight: () => Promise<void> }
  | { allowed: false; retryAfterSeconds: number };

/**
 * Counts one try of a password of an account. Whoever sits where the account was signed in to before is not held up by
 * what others try elsewhere.
 */
export async function tryPassword(db: Database, who: { email: string; address: string | null }): Promise<PasswordTry> {
  const { email } = who;
  const address = who.address ?? 'unknown';
  const pair = `${email} ${address}`;
  const known = await isKnownAddress(db, email, address);
  const asked = [
    ['pair', pair],
    ['pair-long', pair],
    ...(known ? [] : [['account', email] as const]),
    ['address', address],
  ] as const;
  for (const [kind, of] of asked) {
    const verdict = await takeAttempt(db, kind, of);
    if (!verdict.allowed) return verdict;
  }
  return {
    allowed: true,
    wasRight: async () => {
      await forgetAttempts(db, 'pair', pair);
      await forgetAttempts(db, 'pair-long', pair);
      await giveBackAttempt(db, 'address', address);
      await rememberAddress(db, email, address);
    },
  };
}
