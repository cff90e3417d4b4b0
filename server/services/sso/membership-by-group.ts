// What a person's groups mean for the membership of one workspace: made, changed and ended without anybody's hand. A membership that a
// member gave is left as it is.
import { and, eq } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { members, users } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import type { Role } from '../../access/permissions.ts';
import type { ProgramContext, Work } from '../context.ts';
import { endLinksOf, endMembership, isLastAdministrator, type Member, tell } from '../people/membership.ts';

/**
 * Inside of the workspace's transaction, whose members are locked.
 * @param role what the groups give here; null for nothing
 */
export async function followGroups(
  ctx: ProgramContext,
  work: Work,
  workspaceId: WorkspaceId,
  userId: string,
  role: Role | null,
): Promise<void> {
  const { tx } = work;
  const [user] = await tx.select({ name: users.name, email: users.email }).from(users).where(eq(users.id, userId));
  if (!user) return;
  const [row] = await tx
    .select()
    .from(members)
    .where(and(eq(members.workspaceId, workspaceId), eq(members.userId, userId)));
  if (!row || row.removedAt) {
    if (!role) return;
    const id = row?.id ?? newId.member();
    const given = { role, bySso: true, removedAt: null, createdAt: ctx.now() };
    await tx
      .insert(members)
      .values({ id, workspaceId, userId, ...given })
      // Was a member before: the same one again, so that what stands under the name stays together.
      .onConflictDoUpdate({ target: [members.workspaceId, members.userId], set: given });
    tell(work, 'member.join-by-group', { id, name: user.name }, { after: { email: user.email, role } });
    return;
  }
  if (!row.bySso || row.role === role) return;
  const member: Member = { id: row.id, userId, role: row.role, ...user };
  if (row.role === 'administrator' && (await isLastAdministrator(tx, workspaceId, member))) {
    // A workspace without anybody who may let others in would be lost. Whoever has no group at all stays outside all the same.
    tell(work, 'member.kept-last-administrator', member, { before: { role: row.role }, after: { groups: role } });
    return;
  }
  if (!role) {
    await endMembership(ctx, work, workspaceId, member, 'member.remove-by-group');
    return;
  }
  if (row.role === 'administrator') await endLinksOf(tx, member, ctx.now());
  await tx.update(members).set({ role }).where(eq(members.id, row.id));
  tell(work, 'member.role-by-group', member, { before: { role: row.role }, after: { role } });
}
