// Reading the server catalog: pages of servers with their replication, one server, and where the catalog stands.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { connectors, replicationJobs, servers } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { connectorStatus } from '../connectors/status.ts';
import { guard, type ServiceContext } from '../context.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses, wholePage } from '../list-page.ts';
import { readTallies } from '../tallies/read.ts';

const COLUMNS: Record<string, ListColumn> = {
  name: { sql: servers.name, kind: 'text' },
  id: { sql: servers.id, kind: 'text' },
  power: { sql: servers.power, kind: 'choice' },
  guest: { sql: servers.guestName, kind: 'text' },
  family: { sql: servers.guestFamily, kind: 'choice' },
  vcpus: { sql: servers.vcpus, kind: 'number' },
  memoryMiB: { sql: servers.memoryMiB, kind: 'number' },
  disks: { sql: servers.diskCount, kind: 'number' },
  diskBytes: { sql: servers.diskBytes, kind: 'number' },
  address: { sql: servers.address, kind: 'text' },
  path: { sql: servers.path, kind: 'text' },
  host: { sql: servers.host, kind: 'text' },
  connector: { sql: connectors.name, kind: 'text' },
  readiness: { sql: servers.readiness, kind: 'choice' },
  replication: { sql: sql`coalesce(${replicationJobs.state}, 'none')`, kind: 'choice' },
  lastSeenAt: { sql: servers.lastSeenAt, kind: 'date' },
};

const FIELDS = {
  id: servers.id,
  connectorId: servers.connectorId,
  connectorName: connectors.name,
  vmId: servers.vmId,
  name: servers.name,
  path: servers.path,
  power: servers.power,
  guestName: servers.guestName,
  guestFamily: servers.guestFamily,
  vcpus: servers.vcpus,
  memoryMiB: servers.memoryMiB,
  diskCount: servers.diskCount,
  diskBytes: servers.diskBytes,
  address: servers.address,
  host: servers.host,
  readiness: servers.readiness,
  /** Number of findings, for "3 warnings". */
  findings: sql<number>`jsonb_array_length(${servers.record} -> 'findings')`,
  /** Why it is blocked, in a sentence; null when it is not. */
  blockedBy: sql<
    string | null
  >`(select f ->> 'title' from jsonb_array_elements(${servers.record} -> 'findings') f where f ->> 'level' = 'blocking' limit 1)`,
  firstSeenAt: servers.firstSeenAt,
  lastSeenAt: servers.lastSeenAt,
  goneAt: servers.goneAt,
  jobId: replicationJobs.id,
  jobState: replicationJobs.state,
  /** Point in time of the newest AMI: the lag counts from it. */
  latestImageAt: replicationJobs.latestImageAt,
};

function query(ctx: ServiceContext) {
  return ctx.db
    .select(FIELDS)
    .from(servers)
    .innerJoin(connectors, eq(connectors.id, servers.connectorId))
    .leftJoin(replicationJobs, and(eq(replicationJobs.serverId, servers.id), isNull(replicationJobs.deletedAt)));
}
export type ListedServer = Awaited<ReturnType<typeof query>>[number];

export async function listServers(ctx: ServiceContext, input: ListQuery): Promise<ListPage<ListedServer>> {
  const workspaceId = guard(ctx, 'server.read');
  const { where, ...page } = listClauses(input, COLUMNS, servers.id);
  const all = and(eq(servers.workspaceId, workspaceId), isNull(servers.clearedAt), where);
  const items = await query(ctx)
    .where(all)
    .orderBy(...page.orderBy)
    .limit(page.limit)
    .offset(page.offset);
  const [count] = await ctx.db
    .select({ total: sql<number>`count(*)::int` })
    .from(servers)
    .innerJoin(connectors, eq(connectors.id, servers.connectorId))
    .leftJoin(replicationJobs, and(eq(replicationJobs.serverId, servers.id), isNull(replicationJobs.deletedAt)))
    .where(all);
  return wholePage(items, count?.total ?? 0);
}

/** One server with all that the catalog knows of it. */
export async function getServer(ctx: ServiceContext, serverId: string) {
  const workspaceId = guard(ctx, 'server.read');
  const where = and(eq(servers.id, serverId), eq(servers.workspaceId, workspaceId));
  const [row] = await query(ctx).where(where);
  const [full] = await ctx.db.select({ record: servers.record }).from(servers).where(where);
  if (!row || !full) throw faultError('not-found', { message: `There is no server ${serverId}.` });
  return { ...row, record: full.record };
}

/** Where the catalog stands over all connectors. */
export async function catalogStatus(ctx: ServiceContext) {
  const workspaceId = guard(ctx, 'server.read');
  const rows = await ctx.db
    .select()
    .from(connectors)
    .where(and(eq(connectors.workspaceId, workspaceId), isNull(connectors.disassociatedAt)))
    .orderBy(connectors.name);
  const sources = rows.map((row) => ({
    connectorId: row.id,
    connectorName: row.name,
    /** An import waits for a connector that is not healthy. */
    connector: connectorStatus(row, ctx.now()),
    state: row.catalogState,
    at: row.catalogAt,
    summary: row.catalogSummary,
    fault: row.catalogFault,
  }));
  const importing = sources.some((source) => source.state === 'importing');
  const available = sources.some((source) => source.state === 'available');
  const failed = sources.find((source) => source.state === 'failed');
  const state = importing ? 'importing' : available ? 'available' : failed ? 'failed' : 'not-imported';
  const counts = await readTallies(ctx.db, workspaceId, ['servers', 'jobs']);
  // A server with a replication job is never cleared from the catalog, and none has two.
  return { state, sources, servers: counts.count('servers'), withJob: counts.count('jobs') } as const;
}
