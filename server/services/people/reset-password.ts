// A new password by a link, for who has forgotten the old one: an administrator makes it, or whoever runs the installation.

import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { members, passwordResets, sessions, users } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { hashOfToken, newLinkToken } from '../../access/link-token.ts';
import { checkPassword } from '../../access/password-rule.ts';
import { hashPassword } from '../../access/passwords.ts';
import type { Role } from '../../access/permissions.ts';
import { forgetTries } from '../../access/sign-in.ts';
import { guard, inTransaction, type ProgramContext, parseInput, type ServiceContext } from '../context.ts';
import type { DeadLink } from './accept-invitation.ts';
import { linkInput } from './accept-invitation.ts';
import { firstMembershipOf } from './first-membership.ts';
import type { MadeLink } from './invite.ts';
import { countLink } from './links.ts';
import { mailLink } from './mail-link.ts';
import { lockMembers, memberInput, memberOf, stillManages, tell } from './membership.ts';

const LINK_HOURS = 24;

/**
 * A link for a member, made by an administrator. Whoever holds it gets into everything that the member may, so it is made only by
 * who is an administrator wherever the member belongs.
 */
export async function createResetLink(ctx: ServiceContext, input: z.input<typeof memberInput>): Promise<MadeLink> {
  const workspaceId = guard(ctx, 'member.manage');
  const { memberId } = parseInput(memberInput, input);
  const { principal } = ctx;
  if (principal.kind === 'member' && principal.memberId === memberId) {
    throw faultError('conflict', { message: 'This is you.', remedy: 'Change your password on your profile.' });
  }
  const link = newLinkToken();
  return inTransaction(ctx, workspaceId, async (work) => {
    const { tx } = work;
    await lockMembers(tx, workspaceId);
    await stillManages(ctx, tx);
    const member = await memberOf(tx, workspaceId, memberId);
    const asking = principal.kind === 'member' ? principal.userId : null;
    if (await belongsElsewhere(tx, member.userId, workspaceId, asking)) {
      throw faultError('conflict', {
        message: `${member.name} belongs to other workspaces too, which this link would open.`,
        remedy: `Whoever runs Landfall makes the link: npm run reset-password -- ${member.email}`,
      });
    }
    const createdBy = principal.kind === 'member' ? principal.memberId : 'system';
    const made = await replaceLink(ctx, tx, { userId: member.userId, createdBy, hash: link.hash });
    tell(work, 'member.reset-link', member, { after: { expiresAt: made.expiresAt } });
    const mailed = await mailLink(work, {
      ...{ workspaceId, to: member.email, subject: 'A new password for Landfall', page: '/reset' },
      reason: 'An administrator has made a link with which you set a new password:',
      ...{ token: link.token, expiresAt: made.expiresAt },
    });
    return { ...made, token: link.token, email: member.email, mailed };
  });
}

/** The same from the command line, for whoever may run commands there. @throws `not-found` */
export async function createResetLinkFor(ctx: ProgramContext, email: string): Promise<MadeLink> {
  const found = await firstMembershipOf(ctx, email);
  const link = newLinkToken();
  return inTransaction(ctx, found.workspaceId, async (work) => {
    const of = { userId: found.userId, createdBy: 'command line', hash: link.hash };
    const made = await replaceLink(ctx, work.tx, of);
    tell(work, 'member.reset-link', found, { after: { expiresAt: made.expiresAt } });
    // Whoever runs commands here passes it on by hand.
    return { ...made, token: link.token, email, mailed: false };
  });
}

/** In a workspace where the asking user is no administrator. */
export async function belongsElsewhere(
  tx: Queries,
  userId: string,
  workspaceId: WorkspaceId,
  askingUserId: string | null,
): Promise<boolean> {
  const [elsewhere] = await tx
    .select({ id: members.id })
    .from(members)
    .where(
      and(
        eq(members.userId, userId),
        isNull(members.removedAt),
        sql`${members.workspaceId} <> ${workspaceId}`,
        sql`not exists (select from ${members} a where a.workspace_id = ${members}.workspace_id
          and a.user_id = ${askingUserId} and a.role = 'administrator' and a.removed_at is null)`,
      ),
    )
    .limit(1);
  return elsewhere !== undefined;
}

/** One link at a time: an earlier one is worth nothing any more. */
async function replaceLink(
  ctx: ServiceContext,
  tx: Queries,
  { userId, createdBy, hash }: { userId: string; createdBy: string; hash: string },
): Promise<{ id: string; expiresAt: Date }> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update');
  await endLinks(tx, userId, 'replaced', ctx.now());
  const id = newId.reset();
  const expiresAt = new Date(ctx.now().getTime() + LINK_HOURS * 3_600_000);
  await tx.insert(passwordResets).values({ id, userId, tokenHash: hash, createdBy, createdAt: ctx.now(), expiresAt });
  return { id, expiresAt };
}

/** Whatever links there are for a new password of the user. */
async function endLinks(tx: Queries, userId: string, ended: 'used' | 'replaced', now: Date): Promise<void> {
  await tx
    .update(passwordResets)
    .set({ ended, endedAt: now })
    .where(and(eq(passwordResets.userId, userId), isNull(passwordResets.ended)));
}

export type ResetSeen = { state: DeadLink } | { state: 'open'; name: string; email: string; expiresAt: Date };

export async function lookAtReset(
  ctx: ProgramContext,
  input: z.input<typeof linkInput>,
  { address }: { address: string | null },
): Promise<ResetSeen> {
  const { token } = parseInput(linkInput, input);
  const counted = await countLink(ctx, address);
  const found = await findReset(ctx.db, token);
  if (!found) return { state: 'unknown' };
  await counted.wasRight();
  const state = stateOf(found, ctx.now());
  if (state !== 'open') return { state };
  const { name, email, expiresAt } = found;
  return { state, name, email, expiresAt };
}

export const resetInput = z.object({ token: z.string().max(100), password: z.string().max(2000) });

/** Sets the password and ends every session of the user. @throws `link-dead`, `password-weak`, `too-many-attempts` */
export async function resetPassword(
  ctx: ProgramContext,
  input: z.input<typeof resetInput>,
  { address }: { address: string | null },
): Promise<{ email: string }> {
  const { token, password } = parseInput(resetInput, input);
  const counted = await countLink(ctx, address);
  const found = await findReset(ctx.db, token);
  if (!found || stateOf(found, ctx.now()) !== 'open') throw dead(found ? stateOf(found, ctx.now()) : 'unknown');
  await counted.wasRight();
  checkPassword(password, found);
  const passwordHash = await hashPassword(password);
  const { userId, memberId, workspaceId, role, name, email } = found;
  const principal = { kind: 'member', userId, memberId, workspaceId, role, name, email, address } as const;
  await inTransaction({ ...ctx, principal }, workspaceId, async (work) => {
    const { tx } = work;
    await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update');
    const [now] = await tx
      .select({ ended: passwordResets.ended, expiresAt: passwordResets.expiresAt })
      .from(passwordResets)
      .where(eq(passwordResets.id, found.id));
    const state = now ? stateOf(now, ctx.now()) : 'unknown';
    if (state !== 'open') throw dead(state);
    await endLinks(tx, userId, 'used', ctx.now());
    await setPassword(tx, userId, passwordHash);
    await tx
      .update(sessions)
      .set({ endedAt: ctx.now() })
      .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt)));
    tell(work, 'member.password', { id: memberId, name }, { after: { by: 'link' } });
  });
  await forgetTries(ctx.db, { email, address });
  return { email };
}

async function setPassword(tx: Queries, userId: string, passwordHash: string): Promise<void> {
  await tx
    .update(users)
    .set({ passwordHash, sessionVersion: sql`${users.sessionVersion} + 1` })
    .where(eq(users.id, userId));
}

interface FoundReset {
  id: string;
  userId: string;
  memberId: string;
  workspaceId: WorkspaceId;
  role: Role;
  name: string;
  email: string;
  expiresAt: Date;
  ended: 'used' | 'replaced' | null;
}

/** With the user's first membership, where it is recorded; without one there is nobody to sign in. */
async function findReset(db: Queries, token: string): Promise<FoundReset | null> {
  const [found] = await db
    .select({
      id: passwordResets.id,
      userId: users.id,
      memberId: members.id,
      workspaceId: members.workspaceId,
      role: members.role,
      name: users.name,
      email: users.email,
      expiresAt: passwordResets.expiresAt,
      ended: passwordResets.ended,
    })
    .from(passwordResets)
    .innerJoin(users, eq(users.id, passwordResets.userId))
    .innerJoin(members, and(eq(members.userId, users.id), isNull(members.removedAt)))
    .where(eq(passwordResets.tokenHash, hashOfToken(token)))
    .orderBy(asc(members.createdAt), asc(members.id))
    .limit(1);
  return found ?? null;
}

function stateOf(found: Pick<FoundReset, 'ended' | 'expiresAt'>, now: Date): DeadLink | 'open' {
  if (found.ended) return found.ended === 'used' ? 'used' : 'revoked';
  return found.expiresAt <= now ? 'expired' : 'open';
}

const WHY: Record<DeadLink, string> = {
  unknown: 'This link does not exist.',
  used: 'This link was used already.',
  revoked: 'A newer link has replaced this one.',
  expired: 'This link has expired.',
};

const dead = (state: DeadLink | 'open') =>
  faultError('link-dead', { message: WHY[state === 'open' ? 'unknown' : state] });
