// Signing in with e-mail and password.

import { and, asc, eq, isNull } from 'drizzle-orm';
import { type Database, database } from '../../db/client.ts';
import { members, users } from '../../db/schema/people.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { forgetAttempts, giveBackAttempt, isKnownAddress, rememberAddress, takeAttempt } from './attempts.ts';
import { breakGlassUser } from './break-glass.ts';
import { verifyPassword } from './passwords.ts';
import { ssoOnly } from './sso-settings.ts';

export type SignInResult =
  | { ok: true; userId: string; sessionVersion: number; workspaceId: WorkspaceId; passwordHash: string }
  /** The same answer for an unknown e-mail, a wrong password, a removed member, and one whom only single sign-on lets in. */
  | { ok: false; reason: 'wrong' }
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
    })
    .from(users)
    .innerJoin(members, and(eq(members.userId, users.id), isNull(members.removedAt), eq(members.bySso, false)))
    .where(and(eq(users.email, email), ssoOnly() ? eq(users.id, breakGlassUser()) : undefined))
    .orderBy(asc(members.createdAt), asc(members.id))
    .limit(1);
  const right = await verifyPassword(user?.passwordHash ?? null, input.password);
  if (!user || !right) return { ok: false, reason: 'wrong' };
  await tried.wasRight();
  const { id: userId, ...of } = user;
  return { ok: true, userId, ...of };
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
