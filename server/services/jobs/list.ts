// Reading replication jobs with the state of their newest run.
import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { connectors, images, replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, type ServiceContext } from '../context.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses } from '../list-page.ts';
import { runStatus } from '../runs/view.ts';
import { awsTargetConfig } from '../target.ts';

type JobRow = typeof replicationJobs.$inferSelect;
type RunRow = typeof replicationRuns.$inferSelect;

const COLUMNS: Record<string, ListColumn> = {
  id: { sql: replicationJobs.id, kind: 'text' },
  server: { sql: replicationJobs.serverName, kind: 'text' },
  state: { sql: replicationJobs.state, kind: 'choice' },
  description: { sql: replicationJobs.description, kind: 'text' },
  connector: { sql: connectors.name, kind: 'text' },
  image: { sql: replicationJobs.latestImageId, kind: 'text' },
  frequency: { sql: replicationJobs.everyHours, kind: 'number' },
  lag: { sql: replicationJobs.latestImageAt, kind: 'date' },
  nextRunAt: { sql: replicationJobs.nextRunAt, kind: 'date' },
  createdAt: { sql: replicationJobs.createdAt, kind: 'date' },
};

function listed(job: JobRow, connectorName: string, run: RunRow | undefined) {
  return {
    id: job.id,
    serverId: job.serverId,
    serverName: job.serverName,
    connectorId: job.connectorId,
    connectorName,
    state: job.state,
    statusMessage: job.statusMessage,
    license: job.license,
    imageMethod: job.imageMethod,
    everyHours: job.everyHours,
    seedAt: job.seedAt,
    description: job.description,
    keepImages: job.keepImages,
    nextRunAt: job.nextRunAt,
    latestImageId: job.latestImageId,
    latestImageAt: job.latestImageAt,
    /** Where its AMIs are made: that of its newest run, or what a first run would take; null while nothing is configured. */
    target: run?.settings.target ?? configuredTarget(),
    createdAt: job.createdAt,
    deletedAt: job.deletedAt,
    /** The newest run that was not missed. */
    run: run
      ? {
          id: run.id,
          status: runStatus(run),
          startedAt: run.startedAt,
          endedAt: run.endedAt,
          fault: run.fault,
          progress: run.progress,
        }
      : null,
  };
}

function configuredTarget(): { region: string; bucket: string } | null {
  try {
    const { region, bucket } = awsTargetConfig();
    return { region, bucket };
  } catch {
    return null;
  }
}
export type ListedJob = ReturnType<typeof listed>;

async function newestRuns(ctx: ServiceContext, jobIds: string[]): Promise<Map<string, RunRow>> {
  if (jobIds.length === 0) return new Map();
  const rows = await ctx.db
    .selectDistinctOn([replicationRuns.jobId])
    .from(replicationRuns)
    .where(and(inArray(replicationRuns.jobId, jobIds), sql`${replicationRuns.state} <> 'missed'`))
    .orderBy(replicationRuns.jobId, desc(replicationRuns.createdAt));
  return new Map(rows.map((run) => [run.jobId, run]));
}

export async function listJobs(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ListedJob>> {
  const workspaceId = guard(ctx, 'job.read');
  const { where, ...page } = listClauses(query, COLUMNS, replicationJobs.id);
  const all = and(eq(replicationJobs.workspaceId, workspaceId), isNull(replicationJobs.deletedAt), where);
  const rows = await ctx.db
    .select({ job: replicationJobs, connectorName: connectors.name })
    .from(replicationJobs)
    .innerJoin(connectors, eq(connectors.id, replicationJobs.connectorId))
    .where(all)
    .orderBy(...page.orderBy)
    .limit(page.limit)
    .offset(page.offset);
  const [count] = await ctx.db
    .select({ total: sql<number>`count(*)::int` })
    .from(replicationJobs)
    .innerJoin(connectors, eq(connectors.id, replicationJobs.connectorId))
    .where(all);
  const runs = await newestRuns(
    ctx,
    rows.map(({ job }) => job.id),
  );
  return {
    items: rows.map(({ job, connectorName }) => listed(job, connectorName, runs.get(job.id))),
    total: count?.total ?? 0,
  };
}

/** One job, also a deleted one, with the number of its AMIs and its server's facts. */
export async function getJob(ctx: ServiceContext, jobId: string) {
  const workspaceId = guard(ctx, 'job.read');
  const [row] = await ctx.db
    .select({
      job: replicationJobs,
      connectorName: connectors.name,
      guestName: servers.guestName,
      guestFamily: servers.guestFamily,
    })
    .from(replicationJobs)
    .innerJoin(connectors, eq(connectors.id, replicationJobs.connectorId))
    .innerJoin(servers, eq(servers.id, replicationJobs.serverId))
    .where(and(eq(replicationJobs.id, jobId), eq(replicationJobs.workspaceId, workspaceId)));
  if (!row) throw faultError('not-found', { message: `There is no replication job ${jobId}.` });
  const runs = await newestRuns(ctx, [jobId]);
  const imageCount = await ctx.db.$count(images, and(eq(images.jobId, jobId), isNull(images.deregisteredAt)));
  return {
    ...listed(row.job, row.connectorName, runs.get(jobId)),
    guestName: row.guestName,
    guestFamily: row.guestFamily,
    imageCount,
  };
}
