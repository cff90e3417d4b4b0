// The audit trail as a file, row by row, with the place of each row in the chain.
import { and, eq, inArray } from 'drizzle-orm';
import { auditChain } from '../../../db/schema/index.ts';
import { guard, inTransaction, type ServiceContext } from '../context.ts';
import type { ListQuery } from '../list-page.ts';
import { listActivity } from './list.ts';

/** One row of the file. Times are UTC, as ISO 8601. */
export interface ExportedEntry {
  id: number;
  at: string;
  actorKind: string;
  actorId: string;
  actorName: string;
  action: string;
  subjectKind: string;
  subjectId: string;
  subjectName: string;
  before: unknown;
  after: unknown;
  address: string | null;
  /** Number in the workspace's chain, and the hash there (server/audit/chain.ts). */
  chain: number | null;
  hash: string | null;
}

const ROWS = 500;

/** What the rows of a list's filter are, in its order, a piece at a time; the export itself is in the audit trail first. */
export async function* exportActivity(
  ctx: ServiceContext,
  query: Pick<ListQuery, 'sort' | 'filter'>,
  format: string,
  signal: AbortSignal,
): AsyncGenerator<ExportedEntry[]> {
  const workspaceId = guard(ctx, 'activity.read');
  await inTransaction(ctx, workspaceId, async ({ audit }) =>
    audit({
      action: 'activity.export',
      subjectKind: 'workspace',
      subjectId: workspaceId,
      subjectName: 'Activity',
      after: { format, filter: query.filter },
    }),
  );
  let cursor: string | null = null;
  do {
    signal.throwIfAborted();
    const page = await listActivity(ctx, { ...query, page: 1, pageSize: ROWS, cursor });
    const links = await ctx.db
      .select({ id: auditChain.auditId, seq: auditChain.seq, hash: auditChain.hash })
      .from(auditChain)
      .where(
        and(
          eq(auditChain.workspaceId, workspaceId),
          inArray(
            auditChain.auditId,
            page.items.map(({ id }) => id),
          ),
        ),
      );
    const byId = new Map(links.map((link) => [link.id, link]));
    yield page.items.map(({ workspaceId: _, at, ...entry }) => ({
      ...entry,
      at: at.toISOString(),
      chain: byId.get(entry.id)?.seq ?? null,
      hash: byId.get(entry.id)?.hash ?? null,
    }));
    cursor = page.next;
  } while (cursor !== null);
}
