// Reading connectors: the list, and one with its checks.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { type ConnectorRow, connectors, type TallyName, tallies } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, type ServiceContext } from '../context.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses, wholePage } from '../list-page.ts';
import { connectorStatus } from './status.ts';

// Named in full: in the list of a SELECT from one table Drizzle writes a bare "id", which would be the inner table's.
const counted = (name: TallyName) =>
  sql<number>`(select coalesce(sum(t.count), 0)::int from ${tallies} t where t.workspace_id = ${connectors}.workspace_id and t.name = ${name} and t.bucket = ${connectors}.id)`;
const serverCount = counted('servers');
const jobCount = counted('jobs-of-connector');
const runsNow = counted('runs-of-connector');

const COLUMNS: Record<string, ListColumn> = {
  name: { sql: connectors.name, kind: 'text' },
  id: { sql: connectors.id, kind: 'text' },
  vmManager: { sql: connectors.vmManagerUrl, kind: 'text' },
  type: { sql: connectors.vmManagerType, kind: 'choice' },
  status: { sql: connectors.status, kind: 'choice' },
  version: { sql: connectors.version, kind: 'text' },
  host: { sql: connectors.host, kind: 'text' },
  servers: { sql: serverCount, kind: 'number' },
  jobs: { sql: jobCount, kind: 'number' },
  runs: { sql: runsNow, kind: 'number' },
  lastSeenAt: { sql: connectors.lastSeenAt, kind: 'date' },
  associatedAt: { sql: connectors.associatedAt, kind: 'date' },
};

function shown(row: ConnectorRow, counts: { servers: number; jobs: number; runs: number }, now: Date) {
  const { tokenHash: _tokenHash, status: _status, statusReason: _reason, ...connector } = row;
  return { ...connector, ...connectorStatus(row, now), ...counts };
}
export type ShownConnector = ReturnType<typeof shown>;

export async function listConnectors(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ShownConnector>> {
  const workspaceId = guard(ctx, 'connector.read');
  const { where, ...page } = listClauses(query, COLUMNS, connectors.id);
  const all = and(eq(connectors.workspaceId, workspaceId), isNull(connectors.disassociatedAt), where);
  const rows = await ctx.db
    .select({ connector: connectors, servers: serverCount, jobs: jobCount, runs: runsNow })
    .from(connectors)
    .where(all)
    .orderBy(...page.orderBy)
    .limit(page.limit)
    .offset(page.offset);
  const total = await ctx.db.$count(connectors, all);
  return wholePage(
    rows.map(({ connector, ...counts }) => shown(connector, counts, ctx.now())),
    total,
  );
}

/** One connector, also after it was disassociated. */
export async function getConnector(ctx: ServiceContext, id: string): Promise<ShownConnector> {
  const workspaceId = guard(ctx, 'connector.read');
  const [row] = await ctx.db
    .select({ connector: connectors, servers: serverCount, jobs: jobCount, runs: runsNow })
    .from(connectors)
    .where(and(eq(connectors.id, id), eq(connectors.workspaceId, workspaceId)));
  if (!row) throw faultError('not-found', { message: `There is no connector ${id}.` });
  const { connector, ...counts } = row;
  return shown(connector, counts, ctx.now());
}
