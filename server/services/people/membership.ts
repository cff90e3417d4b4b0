// What becomes of a membership: another role, or its end. A workspace never loses its last administrator.

import { and, eq, isNull, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import {
  accessKeys,
  invitations,
  members,
  passwordResets,
  sessions,
  users,
  workspaces,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { may, ROLES, type Role } from '../../access/permissions.ts';
import { findMember, type MemberPrincipal } from '../../access/principals.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';

export const memberInput = z.object({ memberId: z.string() });
export const changeRoleInput = z.object({ memberId: z.string(), role: z.enum(ROLES) });

export interface Member {
  id: string;
  userId: string;
  role: Role;
  name: string;
  email: string;
}

/** Another role for a member; it counts from the member's next request on. */
export async function changeRole(ctx: ServiceContext, input: z.input<typeof changeRoleInput>): Promise<void> {
  const workspaceId = guard(ctx, 'member.manage');
  const { memberId, role } = parseInput(changeRoleInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    await lockMembers(work.tx, workspaceId);
    await stillManages(ctx, work.tx);
    const member = await memberOf(work.tx, workspaceId, memberId);
    if (member.role === role) return;
    await beforeAnotherRole(work.tx, workspaceId, member, role, ctx.now());
    await work.tx.update(members).set({ role }).where(eq(members.id, member.id));
    tell(work, 'member.role', member, { before: { role: member.role }, after: { role } });
  });
}

/** Whoever is no administrator any more leaves another one behind, and no links. @throws `conflict` for the last administrator */
export async function beforeAnotherRole(
  tx: Queries,
  workspaceId: WorkspaceId,
  member: Member,
  role: Role,
  now: Date,
): Promise<void> {
  if (member.role !== 'administrator' || role === 'administrator') return;
  await keepAnAdministrator(tx, workspaceId, member);
  await endLinksOf(tx, member, now);
}

/** Out at once: the next request of any of the member's sessions finds no member, and open streams end. */
export async function removeMember(ctx: ServiceContext, input: z.input<typeof memberInput>): Promise<void> {
  const workspaceId = guard(ctx, 'member.manage');
  const { memberId } = parseInput(memberInput, input);
  if (ctx.principal.kind === 'member' && ctx.principal.memberId === memberId) {
    throw faultError('conflict', {
      message: 'You cannot remove yourself.',
      remedy: 'Leave the workspace on your profile, or ask another administrator.',
    });
  }
  await inTransaction(ctx, workspaceId, async (work) => {
    await lockMembers(work.tx, workspaceId);
    await stillManages(ctx, work.tx);
    await endMembership(ctx, work, workspaceId, await memberOf(work.tx, workspaceId, memberId), 'member.remove');
  });
}

/** One leaves oneself. */
export async function leaveWorkspace(ctx: ServiceContext & { principal: MemberPrincipal }): Promise<void> {
  const workspaceId = guard(ctx, 'member.read');
  await inTransaction(ctx, workspaceId, async (work) => {
    await lockMembers(work.tx, workspaceId);
    const member = await memberOf(work.tx, workspaceId, ctx.principal.memberId);
    await endMembership(ctx, work, workspaceId, member, 'member.leave');
  });
}

/** @throws `conflict` for the last administrator */
export async function endMembership(
  ctx: ServiceContext,
  work: Work,
  workspaceId: WorkspaceId,
  member: Member,
  action: 'member.remove' | 'member.leave' | 'member.remove-by-group',
): Promise<void> {
  const { tx } = work;
  if (member.role === 'administrator') await keepAnAdministrator(tx, workspaceId, member);
  await endLinksOf(tx, member, ctx.now());
  await tx.update(members).set({ removedAt: ctx.now() }).where(eq(members.id, member.id));
  await tx
    .update(accessKeys)
    .set({ ended: 'member-gone', endedAt: ctx.now(), secret: null })
    .where(and(eq(accessKeys.memberId, member.id), isNull(accessKeys.ended)));
  // With nowhere left to go, the sessions end as well; else they go on in the other workspaces.
  const [other] = await tx
    .select({ id: members.id })
    .from(members)
    .where(and(eq(members.userId, member.userId), isNull(members.removedAt)))
    .limit(1);
  if (!other) {
    await tx
      .update(sessions)
      .set({ endedAt: ctx.now() })
      .where(and(eq(sessions.userId, member.userId), isNull(sessions.endedAt)));
  }
  tell(work, action, member, { before: { role: member.role, email: member.email } });
}

/** The links that somebody made are worth nothing without the right to make them: a copy of one would be a way back in. */
export async function endLinksOf(tx: Queries, { id, userId }: Member, now: Date): Promise<void> {
  await tx
    .update(passwordResets)
    .set({ ended: 'replaced', endedAt: now })
    .where(and(or(eq(passwordResets.createdBy, id), eq(passwordResets.userId, userId)), isNull(passwordResets.ended)));
  await tx
    .update(invitations)
    .set({ ended: 'revoked', endedAt: now })
    .where(and(eq(invitations.invitedBy, id), isNull(invitations.ended)));
}

/** Whoever changes who is an administrator waits here for whoever does so at the same moment. */
export async function lockMembers(tx: Queries, workspaceId: WorkspaceId): Promise<void> {
  await tx.select({ id: workspaces.id }).from(workspaces).where(eq(workspaces.id, workspaceId)).for('no key update');
}

/** The role that was asked for the permission may have been taken away while this waited. */
export async function stillManages(ctx: ServiceContext, tx: Queries): Promise<void> {
  if (ctx.principal.kind !== 'member') return;
  const now = await findMember(ctx.principal.memberId, tx);
  if (!now || !may(now.role, 'member.manage')) throw faultError('permission-denied');
}

export async function memberOf(tx: Queries, workspaceId: WorkspaceId, memberId: string): Promise<Member> {
  const [member] = await tx
    .select({ id: members.id, userId: members.userId, role: members.role, name: users.name, email: users.email })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(and(eq(members.id, memberId), eq(members.workspaceId, workspaceId), isNull(members.removedAt)));
  if (!member) throw faultError('not-found', { message: 'There is no such member in this workspace.' });
  return member;
}

/** Whether nobody else administers the workspace. */
export async function isLastAdministrator(
  tx: Queries,
  workspaceId: WorkspaceId,
  member: { id: string },
): Promise<boolean> {
  const [others] = await tx
    .select({ count: sql<number>`count(*)::int` })
    .from(members)
    .where(
      and(
        eq(members.workspaceId, workspaceId),
        eq(members.role, 'administrator'),
        isNull(members.removedAt),
        sql`${members.id} <> ${member.id}`,
      ),
    );
  return !others?.count;
}

async function keepAnAdministrator(tx: Queries, workspaceId: WorkspaceId, member: Member): Promise<void> {
  if (!(await isLastAdministrator(tx, workspaceId, member))) return;
  throw faultError('conflict', {
    message: `${member.name} is the only administrator of this workspace.`,
    remedy: 'Make another member an administrator first.',
  });
}

export function tell(
  { audit, event }: Work,
  action: string,
  member: { id: string; name: string },
  change: { before?: Record<string, unknown>; after?: Record<string, unknown> } = {},
): void {
  audit({ action, subjectKind: 'member', subjectId: member.id, subjectName: member.name, ...change });
  event({ topic: 'members', subjectId: member.id, kind: 'changed' });
}
