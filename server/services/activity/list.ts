// Reading the audit trail.
import { and, eq } from 'drizzle-orm';
import { audit } from '../../../db/schema/index.ts';
import { guard, type ServiceContext } from '../context.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses, wholePage } from '../list-page.ts';

const COLUMNS: Record<string, ListColumn> = {
  at: { sql: audit.at, kind: 'date' },
  actor: { sql: audit.actorName, kind: 'text' },
  action: { sql: audit.action, kind: 'choice' },
  subjectKind: { sql: audit.subjectKind, kind: 'choice' },
  subject: { sql: audit.subjectName, kind: 'text' },
  subjectId: { sql: audit.subjectId, kind: 'text' },
  address: { sql: audit.address, kind: 'text' },
};

export async function listActivity(
  ctx: ServiceContext,
  query: ListQuery,
): Promise<ListPage<typeof audit.$inferSelect>> {
  const workspaceId = guard(ctx, 'activity.read');
  const { where, ...page } = listClauses(query, COLUMNS, audit.id);
  const all = and(eq(audit.workspaceId, workspaceId), where);
  const items = await ctx.db
    .select()
    .from(audit)
    .where(all)
    .orderBy(...page.orderBy)
    .limit(page.limit)
    .offset(page.offset);
  return wholePage(items, await ctx.db.$count(audit, all));
}
