// The overview: figures, lag of the fleet, what runs now, what comes next, and how far a new workspace has come.
import { and, asc, eq, isNotNull, isNull, lt, notInArray, sql } from 'drizzle-orm';
import {
  connectors,
  images,
  instances,
  replicationJobs,
  replicationRuns,
  servers,
  workspaces,
} from '../../../db/schema/index.ts';
import type { JobState } from '../../../replication/model/job.ts';
import { connectorStatus } from '../connectors/status.ts';
import { guard, type ServiceContext } from '../context.ts';
import { runStatus } from '../runs/view.ts';
import { cutoversToday, runsOfDay } from './day.ts';
import { HOURS, upcomingRuns } from './upcoming.ts';

const SHOWN_RUNS = 8;
const SHOWN_NEXT = 10;

export async function getOverview(ctx: ServiceContext) {
  const workspaceId = guard(ctx, 'workspace.read');
  const [connected, catalog, jobs, lag, made, running, upcoming, day, cutovers, smallest] = await Promise.all([
    connectorFigures(ctx, workspaceId),
    serverFigures(ctx, workspaceId),
    jobFigures(ctx, workspaceId),
    fleetLag(ctx, workspaceId),
    madeFigures(ctx, workspaceId),
    runningNow(ctx, workspaceId),
    nextDay(ctx, workspaceId),
    runsOfDay(ctx, workspaceId),
    cutoversToday(ctx, workspaceId),
    smallestWish(ctx, workspaceId),
  ]);
  return {
    connectors: connected.counts,
    servers: catalog,
    jobs: jobs.byState,
    images: made.images,
    instancesRunning: made.running,
    lag,
    running,
    upcoming,
    day,
    cutovers,
    /** The way of a new workspace; each step stays done. */
    steps: {
      connected: connected.total > 0,
      imported: catalog.total > 0 || connected.catalog === 'available',
      replicated: made.everImages > 0,
      launched: made.everLaunched > 0,
    },
    catalog: connected.catalog,
    /** The last wish to see the lab's smallest server replicated, which waits for the catalog or has ended. */
    smallest,
    /** Whether there ever was a replication job. */
    begun: jobs.ever > 0,
  };
}

async function connectorFigures(ctx: ServiceContext, workspaceId: string) {
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

async function serverFigures(ctx: ServiceContext, workspaceId: string) {
  const [row] = await ctx.db
    .select({
      total: sql<number>`count(*)::int`,
      blocked: sql<number>`(count(*) filter (where ${servers.readiness} = 'blocked'))::int`,
    })
    .from(servers)
    .where(and(eq(servers.workspaceId, workspaceId), isNull(servers.clearedAt), isNull(servers.goneAt)));
  return { total: row?.total ?? 0, blocked: row?.blocked ?? 0 };
}

async function jobFigures(ctx: ServiceContext, workspaceId: string) {
  const rows = await ctx.db
    .select({
      state: replicationJobs.state,
      live: sql<number>`(count(*) filter (where ${replicationJobs.deletedAt} is null))::int`,
      ever: sql<number>`count(*)::int`,
    })
    .from(replicationJobs)
    .where(eq(replicationJobs.workspaceId, workspaceId))
    .groupBy(replicationJobs.state);
  const byState: Partial<Record<JobState, number>> = {};
  for (const row of rows) if (row.live > 0) byState[row.state] = row.live;
  return { byState, ever: rows.reduce((sum, row) => sum + row.ever, 0) };
}

/** How old the newest AMI of each replication job is, in classes. */
async function fleetLag(ctx: ServiceContext, workspaceId: string) {
  const at = replicationJobs.latestImageAt;
  const now = ctx.now().toISOString();
  const since = (hours: number) => sql`${now}::timestamptz - make_interval(hours => ${hours})`;
  const [row] = await ctx.db
    .select({
      under1: sql<number>`(count(*) filter (where ${at} > ${since(1)}))::int`,
      under12: sql<number>`(count(*) filter (where ${at} <= ${since(1)} and ${at} > ${since(12)}))::int`,
      under24: sql<number>`(count(*) filter (where ${at} <= ${since(12)} and ${at} > ${since(24)}))::int`,
      older: sql<number>`(count(*) filter (where ${at} <= ${since(24)}))::int`,
      never: sql<number>`(count(*) filter (where ${at} is null))::int`,
    })
    .from(replicationJobs)
    .where(and(eq(replicationJobs.workspaceId, workspaceId), isNull(replicationJobs.deletedAt)));
  return row ?? { under1: 0, under12: 0, under24: 0, older: 0, never: 0 };
}

async function madeFigures(ctx: ServiceContext, workspaceId: string) {
  const ofImages = eq(images.workspaceId, workspaceId);
  const ofInstances = eq(instances.workspaceId, workspaceId);
  const [everImages, live, everLaunched, running] = await Promise.all([
    ctx.db.$count(images, ofImages),
    ctx.db.$count(images, and(ofImages, isNull(images.deregisteredAt))),
    ctx.db.$count(instances, and(ofInstances, isNotNull(instances.instanceId))),
    ctx.db.$count(instances, and(ofInstances, eq(instances.state, 'running'))),
  ]);
  return { everImages, images: live, everLaunched, running };
}

async function runningNow(ctx: ServiceContext, workspaceId: string) {
  const active = and(eq(replicationRuns.workspaceId, workspaceId), eq(replicationRuns.state, 'active'));
  const rows = await ctx.db
    .select()
    .from(replicationRuns)
    .where(active)
    .orderBy(asc(replicationRuns.startedAt), asc(replicationRuns.id))
    .limit(SHOWN_RUNS);
  const pending = and(eq(replicationRuns.workspaceId, workspaceId), eq(replicationRuns.state, 'pending'));
  return {
    /** Pending, whatever they wait for. */
    queued: await ctx.db.$count(replicationRuns, pending),
    total: rows.length < SHOWN_RUNS ? rows.length : await ctx.db.$count(replicationRuns, active),
    items: rows.map((run) => ({
      id: run.id,
      jobId: run.jobId,
      serverName: run.serverName,
      startedAt: run.startedAt,
      status: runStatus(run),
    })),
  };
}

async function smallestWish(ctx: ServiceContext, workspaceId: string) {
  const [row] = await ctx.db
    .select({ wish: workspaces.smallestWish })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId));
  return row?.wish ? { askedAt: row.wish.askedAt, ended: row.wish.ended } : null;
}

async function nextDay(ctx: ServiceContext, workspaceId: string) {
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
        lt(replicationJobs.nextRunAt, new Date(now.getTime() + HOURS * 3_600_000)),
      ),
    );
  const scheduled = rows.flatMap(({ nextRunAt, ...job }) => (nextRunAt ? { ...job, nextRunAt } : []));
  return upcomingRuns(scheduled, now, SHOWN_NEXT);
}
