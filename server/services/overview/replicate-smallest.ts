// The first run of a lab by one press: the smallest server that can be replicated, once. Composed of the verbs that
// everybody else uses; each does its own transaction.
import { and, asc, eq, isNull, ne, sql } from 'drizzle-orm';
import { connectors, replicationJobs, servers } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { importCatalog } from '../catalog/import.ts';
import { guard, type ServiceContext } from '../context.ts';
import { createJobs } from '../jobs/create.ts';

export type ReplicateSmallest =
  /** The catalog must be there first: it is being imported, ask again when it is. */
  { outcome: 'importing' } | { outcome: 'created'; jobId: string; serverId: string; serverName: string };

/** Only with the lab: nobody's own servers are replicated by a button that does not name them. */
export async function replicateSmallest(ctx: ServiceContext, { lab }: { lab: boolean }): Promise<ReplicateSmallest> {
  const workspaceId = guard(ctx, 'job.create');
  if (!lab) {
    throw faultError('conflict', {
      message: 'There is no lab here.',
      remedy: 'Choose the servers on the Servers page and create replication jobs for them.',
    });
  }
  const sources = await ctx.db
    .select({ state: connectors.catalogState })
    .from(connectors)
    .where(and(eq(connectors.workspaceId, workspaceId), isNull(connectors.disassociatedAt)));
  if (sources.some(({ state }) => state === 'importing')) return { outcome: 'importing' };
  if (!sources.some(({ state }) => state === 'available')) {
    await importCatalog(ctx, {});
    return { outcome: 'importing' };
  }
  const [smallest] = await ctx.db
    .select({ id: servers.id, name: servers.name })
    .from(servers)
    .innerJoin(connectors, and(eq(connectors.id, servers.connectorId), isNull(connectors.disassociatedAt)))
    .leftJoin(replicationJobs, and(eq(replicationJobs.serverId, servers.id), isNull(replicationJobs.deletedAt)))
    .where(
      and(
        eq(servers.workspaceId, workspaceId),
        isNull(servers.clearedAt),
        isNull(servers.goneAt),
        ne(servers.readiness, 'blocked'),
        isNull(replicationJobs.id),
      ),
    )
    // A server about which there is nothing to say goes before one with warnings.
    .orderBy(sql`${servers.readiness} <> 'ready'`, asc(servers.diskBytes), asc(servers.name))
    .limit(1);
  if (!smallest) {
    throw faultError('conflict', {
      message: 'No server is left that could be replicated.',
      remedy: 'Every other one is blocked or has a replication job already: look at the Servers page.',
    });
  }
  const { jobIds } = await createJobs(ctx, {
    servers: [{ serverId: smallest.id }],
    settings: { everyHours: null, seedAt: null, description: 'Smallest server of the lab', keepImages: null },
  });
  const [jobId] = jobIds;
  if (!jobId) throw faultError('internal');
  return { outcome: 'created', jobId, serverId: smallest.id, serverName: smallest.name };
}
