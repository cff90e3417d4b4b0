// Sessions: a row for each sign-in in a browser. The cookie names the row, so that what ends here is over there at once.
import { and, desc, eq, gt, isNull, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { sessions, users } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import {
  findSessionMember,
  type MemberPrincipal,
  type SessionClaim,
  type SessionMember,
} from '../../access/principals.ts';
import { ssoOnly } from '../../access/sso-settings.ts';
import { PROVIDER_SIGN_OUT } from '../../secrets/columns.ts';
import { readKeyRing } from '../../secrets/key-ring.ts';
import { seal } from '../../secrets/seal.ts';
import {
  guard,
  inTransaction,
  memberContext,
  type ProgramContext,
  parseInput,
  type ServiceContext,
} from '../context.ts';

/** A session ends after this many seconds, however busy it was. */
export const SESSION_SECONDS = 7 * 86_400;
const SEEN_EVERY_MS = 5 * 60_000;
const MOST_SHOWN = 200;
const MOST_OF_AGENT = 400;

type Own = ServiceContext & { principal: MemberPrincipal };

/** What makes a session one by single sign-on. */
export interface SsoSession {
  identityId: string;
  /** After these the provider is asked again. */
  seconds: number;
  /** What its provider is to be told at the end; null where it has no such place. */
  signOut: ProviderSignOut | null;
}

export interface ProviderSignOut {
  endpoint: string;
  idToken: string;
}

/**
 * After a sign-in that was right. Answers the id, which the cookie carries. @throws `being-changed` when the password that was shown
 * is no longer the account's
 */
export async function beginSession(
  ctx: ProgramContext,
  by: Omit<SessionClaim, 'sessionId'> & {
    address: string | null;
    userAgent: string | null;
    passwordHash?: string;
    sso?: SsoSession;
    secondStep?: string;
  },
): Promise<string> {
  const { userId, address, sso } = by;
  const sessionId = newId.session();
  const at = { ...PROVIDER_SIGN_OUT, workspaceId: '', row: sessionId };
  const signOut = sso?.signOut && readKeyRing().length > 0 ? seal(JSON.stringify(sso.signOut), at) : null;
  await ctx.db.transaction(async (tx) => {
    // Whoever sets another password ends all sessions, and would not see this one.
    const [user] = await tx.select({ hash: users.passwordHash }).from(users).where(eq(users.id, userId)).for('share');
    if (by.passwordHash !== undefined && user?.hash !== by.passwordHash) throw faultError('being-changed');
    await tx.insert(sessions).values({
      id: sessionId,
      userId,
      createdAt: ctx.now(),
      lastSeenAt: ctx.now(),
      expiresAt: new Date(ctx.now().getTime() + (sso?.seconds ?? SESSION_SECONDS) * 1000),
      address,
      userAgent: by.userAgent?.slice(0, MOST_OF_AGENT) ?? null,
      identityId: sso?.identityId ?? null,
      providerSignOut: signOut,
    });
  });
  const { sessionVersion, workspaceId: wanted } = by;
  const claim = { userId, sessionVersion, workspaceId: wanted, sessionId };
  const member = await findSessionMember(claim, address, ctx.db);
  if (!member) return sessionId;
  const { memberId, name } = member.principal;
  const own = { ...ctx, principal: member.principal };
  // The cookie is not out yet: a session that this fails for was never used.
  await inTransaction(own, guard(own, 'profile.manage'), async ({ audit }) => {
    const action = sso ? 'session.sign-in-sso' : ssoOnly() ? 'session.break-glass' : 'session.sign-in';
    const after = by.secondStep ? { secondStep: by.secondStep } : null;
    audit({ action, subjectKind: 'member', subjectId: memberId, subjectName: name, after });
  });
  return sessionId;
}

/** Notes when and where a session was seen; does nothing while what stands there is recent. */
export async function noteSeen(member: SessionMember): Promise<void> {
  const { db, now, principal } = memberContext(member.principal);
  if (!principal.sessionId || now().getTime() - member.lastSeenAt.getTime() < SEEN_EVERY_MS) return;
  await db
    .update(sessions)
    .set({ lastSeenAt: now(), ...(principal.address && { address: principal.address }) })
    // Of several requests at once one writes.
    .where(and(eq(sessions.id, principal.sessionId), eq(sessions.lastSeenAt, member.lastSeenAt)));
}

/** A browser signs out: its cookie is worth nothing from now on, wherever a copy of it lies. */
export async function signOutSession(claim: SessionClaim): Promise<void> {
  const member = await findSessionMember(claim, null);
  if (member) await endSession(memberContext(member.principal), { sessionId: claim.sessionId });
}

export interface ListedSession {
  id: string;
  createdAt: Date;
  /** Not kept to the minute. */
  lastSeenAt: Date;
  address: string | null;
  userAgent: string | null;
  /** The one that asks. */
  current: boolean;
}

const isLive = () => and(isNull(sessions.endedAt), gt(sessions.expiresAt, sql`now()`));

/** The member's own sessions that have not ended, the last seen first. */
export async function listSessions(ctx: Own): Promise<ListedSession[]> {
  guard(ctx, 'profile.manage');
  const rows = await ctx.db
    .select({
      id: sessions.id,
      createdAt: sessions.createdAt,
      lastSeenAt: sessions.lastSeenAt,
      address: sessions.address,
      userAgent: sessions.userAgent,
    })
    .from(sessions)
    .where(and(eq(sessions.userId, ctx.principal.userId), isLive()))
    .orderBy(desc(sessions.lastSeenAt), desc(sessions.id))
    .limit(MOST_SHOWN);
  return rows.map((row) => ({ ...row, current: row.id === ctx.principal.sessionId }));
}

export const sessionInput = z.object({ sessionId: z.string() });

/** Ends one of the member's own sessions; one that has ended is fine. @throws `not-found` for anybody else's */
export async function endSession(ctx: Own, input: z.infer<typeof sessionInput>): Promise<void> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { sessionId } = parseInput(sessionInput, input);
  const { userId, name, memberId } = ctx.principal;
  await inTransaction(ctx, workspaceId, async ({ tx, audit }) => {
    const own = and(eq(sessions.id, sessionId), eq(sessions.userId, userId));
    const [session] = await tx.select().from(sessions).where(own).for('update');
    if (!session) throw faultError('not-found', { message: `You have no session ${sessionId}.` });
    if (session.endedAt) return;
    await tx.update(sessions).set({ endedAt: ctx.now() }).where(own);
    audit({
      action: sessionId === ctx.principal.sessionId ? 'session.sign-out' : 'session.end',
      subjectKind: 'member',
      subjectId: memberId,
      subjectName: name,
      before: { session: sessionId, address: session.address, userAgent: session.userAgent },
    });
  });
}

/** Ends all of the member's sessions but the one that asks. Answers how many. */
export async function endOtherSessions(ctx: Own): Promise<{ ended: number }> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { userId, name, memberId, sessionId } = ctx.principal;
  return inTransaction(ctx, workspaceId, async ({ tx, audit }) => {
    const ended = await tx
      .update(sessions)
      .set({ endedAt: ctx.now() })
      .where(and(eq(sessions.userId, userId), isLive(), sessionId ? ne(sessions.id, sessionId) : undefined))
      .returning();
    if (ended.length > 0)
      audit({
        action: 'session.end-others',
        subjectKind: 'member',
        subjectId: memberId,
        subjectName: name,
        after: { ended: ended.length },
      });
    return { ended: ended.length };
  });
}
