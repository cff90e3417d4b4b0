// Inviting somebody into a workspace by a link. The link is shown once; of its secret only the SHA-256 is kept.

import { createHash } from 'node:crypto';
import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { invitations, members, users, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { newLinkToken } from '../../access/link-token.ts';
import { ROLES } from '../../access/permissions.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';
import { mailLink } from './mail-link.ts';
import { lockMembers, stillManages } from './membership.ts';

const DAY_MS = 86_400_000;
const days = z.number().int().min(1).max(30);

export const inviteInput = z.object({
  /** Made by the form; sent again it makes no second invitation, only a newer link for the same one. */
  requestId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  email: z.string().trim().toLowerCase().max(320).pipe(z.email('An e-mail address, such as ann@example.com')),
  role: z.enum(ROLES),
  days: days.default(7),
});
export const invitationInput = z.object({ invitationId: z.string() });
export const resendInput = z.object({ invitationId: z.string(), days: days.default(7) });

/** The link's secret, which nobody can read again. */
export interface MadeLink {
  id: string;
  token: string;
  email: string;
  expiresAt: Date;
  /** It goes out by mail as well. */
  mailed: boolean;
}

/** @throws `conflict` for a member who did not come by a group, and for somebody whose invitation is still open */
export async function invite(ctx: ServiceContext, input: z.input<typeof inviteInput>): Promise<MadeLink> {
  const workspaceId = guard(ctx, 'member.manage');
  const { requestId, email, role, days } = parseInput(inviteInput, input);
  const id = requestId ? idOfRequest(workspaceId, requestId) : newId.invitation();
  const { token, hash } = newLinkToken();
  const expiresAt = new Date(ctx.now().getTime() + days * DAY_MS);
  return inTransaction(ctx, workspaceId, async (work) => {
    const { tx } = work;
    await lockMembers(tx, workspaceId);
    await stillManages(ctx, tx);
    const [member] = await tx
      .select({ name: users.name })
      .from(members)
      .innerJoin(users, eq(users.id, members.userId))
      .where(
        and(
          eq(members.workspaceId, workspaceId),
          isNull(members.removedAt),
          // Whoever came by a group may be invited to stay without it.
          eq(members.bySso, false),
          eq(users.email, email),
        ),
      );
    if (member) {
      throw faultError('conflict', {
        message: `${email} is a member of this workspace already: ${member.name}.`,
        remedy: 'Change the role in the list of members instead.',
      });
    }
    const [open] = await tx
      .select({ id: invitations.id })
      .from(invitations)
      .where(and(eq(invitations.workspaceId, workspaceId), eq(invitations.email, email), isNull(invitations.ended)));
    if (open && open.id !== id) {
      throw faultError('conflict', {
        message: `${email} is invited already.`,
        remedy: 'Make a new link for the open invitation, or revoke it first.',
      });
    }
    const invitedBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'system';
    const values = { email, role, tokenHash: hash, expiresAt };
    if (open) await tx.update(invitations).set(values).where(eq(invitations.id, id));
    else await tx.insert(invitations).values({ id, workspaceId, ...values, invitedBy, createdAt: ctx.now() });
    tellOfInvitation(work, open ? 'invitation.renew' : 'invitation.create', { id, email }, { role, expiresAt });
    const mailed = await mailInvitation(work, { workspaceId, email, token, expiresAt });
    return { id, token, email, expiresAt, mailed };
  });
}

/** A new link for an open invitation, also for one that has expired; the link before is worth nothing from now on. */
export async function renewInvitation(ctx: ServiceContext, input: z.input<typeof resendInput>): Promise<MadeLink> {
  const workspaceId = guard(ctx, 'member.manage');
  const { invitationId, days } = parseInput(resendInput, input);
  const { token, hash } = newLinkToken();
  const expiresAt = new Date(ctx.now().getTime() + days * DAY_MS);
  return inTransaction(ctx, workspaceId, async (work) => {
    await lockMembers(work.tx, workspaceId);
    await stillManages(ctx, work.tx);
    const { email, role } = await openInvitation(work, workspaceId, invitationId);
    // Whose link it is now: it ends when this one's right to make it does.
    const invitedBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'system';
    await work.tx
      .update(invitations)
      .set({ tokenHash: hash, expiresAt, invitedBy })
      .where(eq(invitations.id, invitationId));
    tellOfInvitation(work, 'invitation.renew', { id: invitationId, email }, { role, expiresAt });
    const mailed = await mailInvitation(work, { workspaceId, email, token, expiresAt });
    return { id: invitationId, token, email, expiresAt, mailed };
  });
}

async function mailInvitation(
  work: Work,
  { workspaceId, email: to, ...link }: { workspaceId: WorkspaceId; email: string; token: string; expiresAt: Date },
): Promise<boolean> {
  const [found] = await work.tx
    .select({ name: workspaces.name })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId));
  const name = found?.name ?? 'a workspace';
  const reason = `You are invited into ${name}, a workspace of Landfall. Open this link to join:`;
  return mailLink(work, {
    workspaceId,
    to,
    subject: `You are invited into ${name}`,
    reason,
    page: '/invitation',
    ...link,
  });
}

/** Its link is worth nothing from now on. Revoked twice is revoked. */
export async function revokeInvitation(ctx: ServiceContext, input: z.input<typeof invitationInput>): Promise<void> {
  const workspaceId = guard(ctx, 'member.manage');
  const { invitationId } = parseInput(invitationInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const { email, ended } = await lockedInvitation(work, workspaceId, invitationId);
    if (ended === 'revoked') return;
    if (ended === 'accepted') throw accepted(email);
    await work.tx
      .update(invitations)
      .set({ ended: 'revoked', endedAt: ctx.now() })
      .where(eq(invitations.id, invitationId));
    tellOfInvitation(work, 'invitation.revoke', { id: invitationId, email });
  });
}

async function openInvitation(work: Work, workspaceId: WorkspaceId, id: string) {
  const found = await lockedInvitation(work, workspaceId, id);
  if (found.ended === 'accepted') throw accepted(found.email);
  if (found.ended === 'revoked') {
    throw faultError('conflict', { message: 'This invitation was revoked.', remedy: 'Invite the person anew.' });
  }
  return found;
}

async function lockedInvitation({ tx }: Work, workspaceId: WorkspaceId, id: string) {
  const [found] = await tx
    .select({ email: invitations.email, role: invitations.role, ended: invitations.ended })
    .from(invitations)
    .where(and(eq(invitations.id, id), eq(invitations.workspaceId, workspaceId)))
    .for('update');
  if (!found) throw faultError('not-found', { message: 'There is no such invitation in this workspace.' });
  return found;
}

const accepted = (email: string) =>
  faultError('conflict', { message: `${email} has accepted this invitation.`, remedy: 'Look at the list of members.' });

function tellOfInvitation(
  { audit, event }: Work,
  action: string,
  of: { id: string; email: string },
  after?: Record<string, unknown>,
): void {
  audit({
    action,
    subjectKind: 'invitation',
    subjectId: of.id,
    subjectName: of.email,
    ...(after ? { after } : {}),
  });
  event({ topic: 'members', subjectId: of.id, kind: 'changed' });
}

/** The same id for the same request of a workspace, so that the row itself tells that it was sent before. */
function idOfRequest(workspaceId: WorkspaceId, requestId: string): string {
  return `inv-${createHash('sha256').update(`${workspaceId}/${requestId}`).digest('hex').slice(0, 17)}`;
}
