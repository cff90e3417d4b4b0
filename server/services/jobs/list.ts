// Reading replication jobs with the state of their newest run.
import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { connectors, images, replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { shownBaselines } from '../baselines/shown.ts';
import { guard, type ServiceContext } from '../context.ts';
import { testLaunchTime } from '../instances/test-launch-time.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses, wholePage } from '../list-page.ts';
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
  /** Hours since the moment that the newest AMI holds. */
  lag: { sql: sql`extract(epoch from now() - ${replicationJobs.latestImageAt}) / 3600`, kind: 'number' },
  latestImageAt: { sql: replicationJobs.latestImageAt, kind: 'date' },
  nextRunAt: { sql: replicationJobs.nextRunAt, kind: 'date' },
  createdAt: { sql: replicationJobs.createdAt, kind: 'date' },
};

function listed(job: JobRow, connectorName: string, run: RunRow | undefined, imageCount: number) {
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
    /** Failed runs in a row after which it pauses by itself; null: never. */
    pauseAfterFailures: job.pauseAfterFailures,
    failuresInRow: job.failuresInRow,
    verification: job.verification,
    pausedAt: job.pausedAt,
    nextRunAt: job.nextRunAt,
    latestImageId: job.latestImageId,
    latestImageAt: job.latestImageAt,
    /** AMIs of its runs that still stand. */
    imageCount,
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

async function countImages(ctx: ServiceContext, jobIds: string[]): Promise<Map<string, number>> {
  if (jobIds.length === 0) return new Map();
  const rows = await ctx.db
    .select({ jobId: images.jobId, count: sql<number>`count(*)::int` })
    .from(images)
    .where(and(inArray(images.jobId, jobIds), isNull(images.deregisteredAt)))
    .groupBy(images.jobId);
  return new Map(rows.map(({ jobId, count }) => [jobId, count]));
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
  const ids = rows.map(({ job }) => job.id);
  const runs = await newestRuns(ctx, ids);
  const counts = await countImages(ctx, ids);
  return wholePage(
    rows.map(({ job, connectorName }) => listed(job, connectorName, runs.get(job.id), counts.get(job.id) ?? 0)),
    count?.total ?? 0,
  );
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
  const counts = await countImages(ctx, [jobId]);
  return {
    ...listed(row.job, row.connectorName, runs.get(jobId), counts.get(jobId) ?? 0),
    guestName: row.guestName,
    guestFamily: row.guestFamily,
    /** What its next run measures from, per disk. */
    baselines: await shownBaselines(ctx.db, jobId),
    launchConfiguration: shownConfiguration(row.job.launchConfiguration),
    rehearsed: await testLaunchTime(ctx.db, jobId),
  };
}

/** User data may hold secrets: only who may launch gets it, with the choices of a launch. */
function shownConfiguration(configuration: JobRow['launchConfiguration']) {
  if (!configuration) return null;
  const { userData, ...shown } = configuration;
  return { ...shown, hasUserData: Boolean(userData) };
}
