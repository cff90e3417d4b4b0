// Signing out everywhere: every session of the user ends at once, the asking one too.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { sessions, users } from '../../../db/schema/people.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { guard, inTransaction, type ServiceContext } from '../context.ts';

export async function endSessions(ctx: ServiceContext & { principal: MemberPrincipal }): Promise<void> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { userId, name, memberId } = ctx.principal;
  await inTransaction(ctx, workspaceId, async ({ tx, audit }) => {
    await tx
      .update(users)
      .set({ sessionVersion: sql`${users.sessionVersion} + 1` })
      .where(eq(users.id, userId));
    await tx
      .update(sessions)
      .set({ endedAt: ctx.now() })
      .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt)));
    audit({ action: 'session.end-all', subjectKind: 'member', subjectId: memberId, subjectName: name });
  });
}
