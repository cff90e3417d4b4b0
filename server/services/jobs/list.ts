// Reading replication jobs with the state of their newest run.

import { and, desc, eq, isNull, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import { connectors, images, replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { jobStateSchema } from '../../../replication/model/job.ts';
import { shownBaselines } from '../baselines/shown.ts';
import { guard, parseInput, type ServiceContext } from '../context.ts';
import { testLaunchTime } from '../instances/test-launch-time.ts';
import type { List } from '../list-columns.ts';
import { findPage } from '../list-find.ts';
import type { ListPage, ListQuery } from '../list-page.ts';
import { type RunOfStatus, runStatus } from '../runs/view.ts';
import { type ListedTarget, targetNames } from '../targets/list.ts';
import { launchDefaultsOf } from '../targets/settings.ts';
import { targetOf } from '../targets/store.ts';

type JobRow = typeof replicationJobs.$inferSelect;
type NewestRun = RunOfStatus &
  Pick<typeof replicationRuns.$inferSelect, 'id' | 'jobId' | 'startedAt' | 'endedAt' | 'fault'>;

const JOBS: List = {
  table: replicationJobs,
  id: replicationJobs.id,
  workspaceId: replicationJobs.workspaceId,
  is: isNull(replicationJobs.deletedAt),
  search: replicationJobs.search,
  columns: {
    id: { column: replicationJobs.id, kind: 'text', begins: 'sms-job-' },
    server: { column: replicationJobs.serverName, kind: 'text' },
    state: { column: replicationJobs.state, kind: 'choice', values: jobStateSchema.options },
    description: { column: replicationJobs.description, kind: 'text', indexed: false },
    connector: { column: replicationJobs.connectorName, kind: 'text' },
    image: { column: replicationJobs.latestImageId, kind: 'text', begins: 'ami-' },
    frequency: { column: replicationJobs.everyHours, kind: 'number' },
    /** Hours since the moment that the newest AMI holds. */
    lag: { column: replicationJobs.latestImageAt, kind: 'number', age: true },
    latestImageAt: { column: replicationJobs.latestImageAt, kind: 'date' },
    nextRunAt: { column: replicationJobs.nextRunAt, kind: 'date' },
    createdAt: { column: replicationJobs.createdAt, kind: 'date' },
  },
};

function listed(
  job: JobRow,
  connectorName: string,
  run: NewestRun | undefined,
  imageCount: number,
  targets: ReadonlyMap<string, ListedTarget>,
) {
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
    /** Where its next AMI is made. */
    target: targets.get(job.targetId) ?? null,
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

export type ListedJob = ReturnType<typeof listed>;

/** The newest run of each job that was not missed, one look into the index a job: a job's history may be long. */
async function newestRuns(tx: Queries, workspaceId: WorkspaceId, jobIds: string[]): Promise<Map<string, NewestRun>> {
  if (jobIds.length === 0) return new Map();
  const wanted = tx
    .select({ id: replicationJobs.id })
    .from(replicationJobs)
    .where(and(eq(replicationJobs.workspaceId, workspaceId), sql`${replicationJobs.id} = any(${sql.param(jobIds)})`))
    .as('wanted');
  // Neither its results nor its timeline, which lie outside of the row.
  const { id, jobId, state, step, percent, progress, waitingFor, cancelRequestedAt, startedAt, endedAt, fault } =
    replicationRuns;
  const newest = tx
    .select({ id, jobId, state, step, percent, progress, waitingFor, cancelRequestedAt, startedAt, endedAt, fault })
    .from(replicationRuns)
    .where(and(sql`${jobId} = ${wanted.id}`, ne(replicationRuns.state, 'missed')))
    .orderBy(desc(replicationRuns.scheduledFor), desc(replicationRuns.createdAt))
    .limit(1)
    .as('newest');
  const rows = await tx.select().from(wanted).innerJoinLateral(newest, sql`true`);
  return new Map(rows.map(({ newest: run }) => [run.jobId, run]));
}

async function countImages(tx: Queries, workspaceId: WorkspaceId, jobIds: string[]): Promise<Map<string, number>> {
  if (jobIds.length === 0) return new Map();
  // One look into images_by_job for each job, whatever the planner thinks of all together; none at what was deregistered.
  const { rows } = await tx.execute<{ jobId: string; count: number }>(sql`
    select wanted.id as "jobId", (
      select count(*)::int from ${images}
      where ${images.workspaceId} = ${workspaceId} and ${images.jobId} = wanted.id and ${images.deregisteredAt} is null
    ) as count
    from unnest(${sql.param(jobIds)}::text[]) wanted (id)`);
  return new Map(rows.map(({ jobId, count }) => [jobId, count]));
}

export async function listJobs(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ListedJob>> {
  const workspaceId = guard(ctx, 'job.read');
  return findPage(ctx.db, JOBS, workspaceId, query, async (tx, here) => {
    return listedAll(tx, workspaceId, await tx.select().from(replicationJobs).where(here));
  });
}

async function listedAll(tx: Queries, workspaceId: WorkspaceId, jobs: readonly JobRow[]): Promise<ListedJob[]> {
  const ids = jobs.map(({ id }) => id);
  const runs = await newestRuns(tx, workspaceId, ids);
  const counts = await countImages(tx, workspaceId, ids);
  const targets = await targetNames(tx, workspaceId);
  return jobs.map((job) => listed(job, job.connectorName, runs.get(job.id), counts.get(job.id) ?? 0, targets));
}

export const someJobsInput = z.object({ jobIds: z.array(z.string()).max(200, 'At most 200 jobs at once') });

/** These of the list's rows, whatever page they are on; what is not in the list (any more) is left out. */
export async function someJobs(ctx: ServiceContext, input: z.infer<typeof someJobsInput>): Promise<ListedJob[]> {
  const workspaceId = guard(ctx, 'job.read');
  const { jobIds } = parseInput(someJobsInput, input);
  const jobs = await ctx.db
    .select()
    .from(replicationJobs)
    .where(
      and(
        sql`${replicationJobs.id} = any(${sql.param(jobIds)}::text[])`,
        eq(replicationJobs.workspaceId, workspaceId),
        isNull(replicationJobs.deletedAt),
      ),
    );
  return listedAll(ctx.db, workspaceId, jobs);
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
  const runs = await newestRuns(ctx.db, workspaceId, [jobId]);
  const counts = await countImages(ctx.db, workspaceId, [jobId]);
  const targets = await targetNames(ctx.db, workspaceId);
  return {
    ...listed(row.job, row.connectorName, runs.get(jobId), counts.get(jobId) ?? 0, targets),
    guestName: row.guestName,
    guestFamily: row.guestFamily,
    /** What its next run measures from, per disk. */
    baselines: await shownBaselines(ctx.db, jobId),
    launchConfiguration: shownConfiguration(row.job.launchConfiguration),
    /** What launches begin with while it has none: its target's; null where that has none either. */
    launchDefaults: launchDefaultsOf((await targetOf(ctx.db, workspaceId, row.job.targetId)).target),
    rehearsed: await testLaunchTime(ctx.db, jobId),
  };
}

/** User data may hold secrets: only who may launch gets it, with the choices of a launch. */
function shownConfiguration(configuration: JobRow['launchConfiguration']) {
  if (!configuration) return null;
  const { userData, ...shown } = configuration;
  return { ...shown, hasUserData: Boolean(userData) };
}
