// The overview: figures, lag of the fleet, what runs now, what comes next, and how far a new workspace has come.

import { and, asc, eq, isNotNull, isNull, lt, notInArray, sql } from 'drizzle-orm';
import { connectors, replicationJobs, replicationRuns, tallies, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import type { JobState } from '../../../replication/model/job.ts';
import { connectorStatus } from '../connectors/status.ts';
import { guard, type ServiceContext } from '../context.ts';
import { runStatus } from '../runs/view.ts';
import { fiveMinutes, hourBucket, hourOfBucket, readTallies, type Tallies } from '../tallies/read.ts';
import { cutoversToday, firstHour, runsOfDay } from './day.ts';
import { endOfDay, firstRuns, runsPerHour } from './upcoming.ts';

const SHOWN_RUNS = 8;
const SHOWN_NEXT = 10;

export async function getOverview(ctx: ServiceContext) {
  const workspaceId = guard(ctx, 'workspace.read');
  const now = ctx.now();
  const [connected, counts, lag, active, next, cutovers, smallest] = await Promise.all([
    connectorFigures(ctx, workspaceId),
    readTallies(ctx.db, workspaceId, [
      'servers-present',
      'jobs',
      'jobs-ever',
      'runs',
      'images',
      'instances',
      'instances-launched',
      { name: 'jobs-next-run', before: hourBucket(endOfDay(now).getTime()) },
      { name: 'runs-ended', from: hourBucket(firstHour(now)) },
    ]),
    fleetLag(ctx, workspaceId),
    activeRuns(ctx, workspaceId),
    nextRuns(ctx, workspaceId),
    cutoversToday(ctx, workspaceId),
    smallestWish(ctx, workspaceId),
  ]);
  const hours = runsPerHour(counts.buckets('jobs-next-run').map(scheduled), now);
  const servers = { total: counts.count('servers-present'), blocked: counts.count('servers-present', 'blocked') };
  return {
    connectors: connected.counts,
    servers,
    jobs: jobsByState(counts),
    images: counts.count('images', 'live'),
    instancesRunning: counts.count('instances', 'running'),
    lag,
    running: {
      /** Pending, whatever they wait for. */
      queued: counts.count('runs', 'pending'),
      total: counts.count('runs', 'active'),
      items: active,
    },
    upcoming: { total: hours.reduce((sum, { count }) => sum + count, 0), hours, next },
    day: runsOfDay(counts.buckets('runs-ended'), now),
    cutovers,
    /** The way of a new workspace; each step stays done. */
    steps: {
      connected: connected.total > 0,
      imported: servers.total > 0 || connected.catalog === 'available',
      replicated: counts.count('images') > 0,
      launched: counts.count('instances-launched') > 0,
    },
    catalog: connected.catalog,
    /** The last wish to see the lab's smallest server replicated, which waits for the catalog or has ended. */
    smallest,
    /** Whether there ever was a replication job. */
    begun: counts.count('jobs-ever') > 0,
  };
}

async function connectorFigures(ctx: ServiceContext, workspaceId: WorkspaceId) {
  const rows = await ctx.db
    .select()
    .from(connectors)
    .where(and(eq(connectors.workspaceId, workspaceId), isNull(connectors.disassociatedAt)));
  const counts = { healthy: 0, unhealthy: 0, waiting: 0 };
  for (const row of rows) counts[connectorStatus(row, ctx.now()).status] += 1;
  const states = rows.map((row) => row.catalogState);
  const catalog = (['importing', 'available', 'failed'] as const).find((state) => states.includes(state));
  return { counts, total: rows.length, catalog: catalog ?? ('not-imported' as const) };
}

function jobsByState(counts: Tallies): Partial<Record<JobState, number>> {
  const states = counts.buckets('jobs').filter(({ count }) => count > 0);
  return Object.fromEntries(states.map(({ bucket, count }) => [bucket as JobState, count]));
}

/**
 * How old the newest AMI of each replication job is, in classes: whole buckets of five minutes, and in the one that the
 * border of a class lies in the jobs themselves. All in one statement, so that nothing is counted twice.
 */
async function fleetLag(ctx: ServiceContext, workspaceId: WorkspaceId) {
  const now = ctx.now().getTime();
  const all = (name: string) =>
    sql`(select coalesce(sum(count), 0) from ${tallies} where workspace_id = ${workspaceId} and name = ${name})`;
  const newerThan = (hours: number) => {
    const border = now - hours * 3_600_000;
    const { bucket, end } = fiveMinutes(border);
    return sql<number>`(
      (select coalesce(sum(count), 0) from ${tallies}
        where workspace_id = ${workspaceId} and name = 'jobs-latest-image' and bucket > ${bucket})
      + (select count(*) from ${replicationJobs}
        where workspace_id = ${workspaceId} and deleted_at is null
          and latest_image_at > ${new Date(border).toISOString()} and latest_image_at < ${end.toISOString()})
    )::int`;
  };
  const { rows } = await ctx.db.execute<Record<'all' | 'never' | 'under1' | 'under12' | 'under24', number>>(
    sql`select ${all('jobs')}::int as "all", ${all('jobs-without-image')}::int as "never",
      ${newerThan(1)} as "under1", ${newerThan(12)} as "under12", ${newerThan(24)} as "under24"`,
  );
  const counted = rows[0] ?? { all: 0, never: 0, under1: 0, under12: 0, under24: 0 };
  return {
    under1: counted.under1,
    under12: counted.under12 - counted.under1,
    under24: counted.under24 - counted.under12,
    older: counted.all - counted.never - counted.under24,
    never: counted.never,
  };
}

/** The first few by when they began. */
async function activeRuns(ctx: ServiceContext, workspaceId: WorkspaceId) {
  const rows = await ctx.db
    .select()
    .from(replicationRuns)
    .where(and(eq(replicationRuns.workspaceId, workspaceId), sql`${replicationRuns.state} = 'active'`))
    .orderBy(asc(replicationRuns.startedAt), asc(replicationRuns.id))
    .limit(SHOWN_RUNS);
  return rows.map((run) => ({
    id: run.id,
    jobId: run.jobId,
    serverName: run.serverName,
    startedAt: run.startedAt,
    status: runStatus(run),
  }));
}

async function smallestWish(ctx: ServiceContext, workspaceId: WorkspaceId) {
  const [row] = await ctx.db
    .select({ wish: workspaces.smallestWish })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId));
  return row?.wish ? { askedAt: row.wish.askedAt, ended: row.wish.ended } : null;
}

/** `2026-12-01T02/12`: the schedules whose next run falls into that hour, and the hours between their runs. */
function scheduled({ bucket, count }: { bucket: string; count: number }) {
  const every = bucket.slice(bucket.indexOf('/') + 1);
  return { hour: hourOfBucket(bucket), everyHours: every === 'once' ? null : Number(every), count };
}

async function nextRuns(ctx: ServiceContext, workspaceId: WorkspaceId) {
  const now = ctx.now();
  const rows = await ctx.db
    .select({
      jobId: replicationJobs.id,
      serverName: replicationJobs.serverName,
      nextRunAt: replicationJobs.nextRunAt,
      everyHours: replicationJobs.everyHours,
    })
    .from(replicationJobs)
    .where(
      and(
        eq(replicationJobs.workspaceId, workspaceId),
        isNull(replicationJobs.deletedAt),
        notInArray(replicationJobs.state, ['deleting', 'paused', 'paused-on-failure']),
        isNotNull(replicationJobs.nextRunAt),
        lt(replicationJobs.nextRunAt, endOfDay(now)),
      ),
    )
    .orderBy(asc(replicationJobs.nextRunAt), asc(replicationJobs.id))
    .limit(SHOWN_NEXT);
  const jobs = rows.flatMap(({ nextRunAt, ...job }) => (nextRunAt ? { ...job, nextRunAt } : []));
  return firstRuns(jobs, now, SHOWN_NEXT);
}
