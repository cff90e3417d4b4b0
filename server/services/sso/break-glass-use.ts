// That the break-glass account was used: everybody in its workspaces is told for a day.
import { and, desc, eq, gt, isNull, sql } from 'drizzle-orm';
import { members, sessions, users } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { breakGlassUser } from '../../access/break-glass.ts';
import { ssoOnly } from '../../access/sso-settings.ts';
import type { ServiceContext } from '../context.ts';

const TOLD_FOR_MS = 86_400_000;

export interface BreakGlassUse {
  sessionId: string;
  name: string;
  at: Date;
  address: string | null;
}

/** The last sign-in with it, where it is not long ago; null too where passwords let others in as well. */
export async function lastBreakGlassUse(ctx: ServiceContext, workspaceId: WorkspaceId): Promise<BreakGlassUse | null> {
  if (!ssoOnly()) return null;
  const [use] = await ctx.db
    .select({ sessionId: sessions.id, name: users.name, at: sessions.createdAt, address: sessions.address })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(
      members,
      and(eq(members.userId, users.id), eq(members.workspaceId, workspaceId), isNull(members.removedAt)),
    )
    .where(
      and(
        sql`${sessions.userId} = ${breakGlassUser()}`,
        isNull(sessions.identityId),
        gt(sessions.createdAt, new Date(ctx.now().getTime() - TOLD_FOR_MS)),
      ),
    )
    .orderBy(desc(sessions.createdAt))
    .limit(1);
  return use ?? null;
}
