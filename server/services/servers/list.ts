// Reading the server catalog: pages of servers with their replication, one server, and where the catalog stands.
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { connectors, replicationJobs, servers } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { jobStateSchema } from '../../../replication/model/job.ts';
import { connectorStatus } from '../connectors/status.ts';
import { guard, type ServiceContext } from '../context.ts';
import type { List } from '../list-columns.ts';
import { findPage } from '../list-find.ts';
import type { ListPage, ListQuery } from '../list-page.ts';
import { readTallies } from '../tallies/read.ts';

const SERVERS: List = {
  table: servers,
  id: servers.id,
  workspaceId: servers.workspaceId,
  is: isNull(servers.clearedAt),
  search: servers.search,
  columns: {
    name: { column: servers.name, kind: 'text' },
    id: { column: servers.id, kind: 'text', begins: 's-' },
    power: { column: servers.power, kind: 'choice', values: servers.power.enumValues },
    guest: { column: servers.guestName, kind: 'text' },
    family: { column: servers.guestFamily, kind: 'choice', values: servers.guestFamily.enumValues },
    vcpus: { column: servers.vcpus, kind: 'number' },
    memoryMiB: { column: servers.memoryMiB, kind: 'number' },
    disks: { column: servers.diskCount, kind: 'number' },
    diskBytes: { column: servers.diskBytes, kind: 'number' },
    address: { column: servers.address, kind: 'text' },
    path: { column: servers.path, sortedBy: servers.pathStart, kind: 'text' },
    host: { column: servers.host, kind: 'text' },
    connector: { column: servers.connectorName, kind: 'text' },
    readiness: { column: servers.readiness, kind: 'choice', values: servers.readiness.enumValues },
    replication: { column: servers.replicationState, kind: 'choice', values: ['none', ...jobStateSchema.options] },
    lastSeenAt: { column: servers.lastSeenAt, kind: 'date' },
  },
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

function shownServers(tx: Queries) {
  return tx
    .select(FIELDS)
    .from(servers)
    .innerJoin(connectors, eq(connectors.id, servers.connectorId))
    .leftJoin(replicationJobs, and(eq(replicationJobs.serverId, servers.id), isNull(replicationJobs.deletedAt)));
}
export type ListedServer = Awaited<ReturnType<typeof shownServers>>[number];

export async function listServers(ctx: ServiceContext, input: ListQuery): Promise<ListPage<ListedServer>> {
  const workspaceId = guard(ctx, 'server.read');
  return findPage(ctx.db, SERVERS, workspaceId, input, (tx, here) => shownServers(tx).where(here));
}

/** One server with all that the catalog knows of it. */
export async function getServer(ctx: ServiceContext, serverId: string) {
  const workspaceId = guard(ctx, 'server.read');
  const where = and(eq(servers.id, serverId), eq(servers.workspaceId, workspaceId));
  const [row] = await shownServers(ctx.db).where(where);
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
