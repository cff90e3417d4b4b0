// Reading the audit trail.
import { getTableColumns } from 'drizzle-orm';
import { audit } from '../../../db/schema/index.ts';
import { guard, type ServiceContext } from '../context.ts';
import type { List } from '../list-columns.ts';
import { findPage } from '../list-find.ts';
import type { ListPage, ListQuery } from '../list-page.ts';

const ACTIVITY: List = {
  table: audit,
  id: audit.id,
  workspaceId: audit.workspaceId,
  search: audit.search,
  columns: {
    at: { column: audit.at, kind: 'date' },
    actor: { column: audit.actorName, kind: 'text' },
    action: { column: audit.action, kind: 'choice' },
    subjectKind: { column: audit.subjectKind, kind: 'choice' },
    subject: { column: audit.subjectName, kind: 'text' },
    subjectId: { column: audit.subjectId, kind: 'text', indexed: false },
    address: { column: audit.address, kind: 'text' },
  },
};

const { search: _search, ...FIELDS } = getTableColumns(audit);

export async function listActivity(
  ctx: ServiceContext,
  query: ListQuery,
): Promise<ListPage<Omit<typeof audit.$inferSelect, 'search'>>> {
  const workspaceId = guard(ctx, 'activity.read');
  return findPage(ctx.db, ACTIVITY, workspaceId, query, (tx, here) => tx.select(FIELDS).from(audit).where(here));
}
