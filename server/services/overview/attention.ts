// What needs somebody's hand, worst first and grouped by cause: one cause is one entry, however many jobs it holds up.
import { and, desc, eq, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm';
import {
  artifacts,
  type ConnectorRow,
  connectors,
  cutovers,
  replicationJobs,
  replicationRuns,
} from '../../../db/schema/index.ts';
import type { Fault } from '../../../replication/model/fault.ts';
import { FAULT_KINDS } from '../../../replication/model/fault-kinds.ts';
import type { JobState } from '../../../replication/model/job.ts';
import { isLeftOver } from '../artifacts/left-overs.ts';
import { connectorStatus } from '../connectors/status.ts';
import { guard, type ServiceContext } from '../context.ts';

export interface Attention {
  /** Stays the same while the cause does. */
  id: string;
  kind: 'cutover' | 'connector' | 'catalog' | 'paused-jobs' | 'failed-runs' | 'waiting-runs' | 'left-over';
  tone: 'error' | 'warning';
  fault: { code?: string; message: string; remedy: string; cause?: string };
  /** Since when it lasts, as far as it is known. */
  since: Date | null;
  affected: { count: number; noun: string };
  /** The first few things it concerns; the id is a cutover's, a connector's or a replication job's, as the kind says. */
  things: { id: string; name: string }[];
}

const SHOWN_THINGS = 5;
/** A connector that has just been enrolled may take this long to its first report. */
const FIRST_REPORT_MS = 60_000;

export async function needsAttention(ctx: ServiceContext): Promise<Attention[]> {
  const workspaceId = guard(ctx, 'workspace.read');
  const rows = await ctx.db
    .select()
    .from(connectors)
    .where(and(eq(connectors.workspaceId, workspaceId), isNull(connectors.disassociatedAt)))
    .orderBy(connectors.name);
  const found = [
    ...(await waitingCutovers(ctx, workspaceId)),
    ...(await unhealthyConnectors(ctx, rows)),
    ...(await failedRuns(ctx, workspaceId)),
    ...failedImports(rows),
    ...(await waitingRuns(ctx, workspaceId)),
    ...(await leftOvers(ctx, workspaceId)),
  ];
  return [...found.filter(({ tone }) => tone === 'error'), ...found.filter(({ tone }) => tone === 'warning')];
}

/** A cutover that asks: a service is down until somebody answers. */
async function waitingCutovers(ctx: ServiceContext, workspaceId: string): Promise<Attention[]> {
  const rows = await ctx.db
    .select()
    .from(cutovers)
    .where(
      and(
        eq(cutovers.workspaceId, workspaceId),
        inArray(cutovers.state, ['planned', 'active', 'rolling-back']),
        or(isNotNull(cutovers.question), and(eq(cutovers.state, 'planned'), isNotNull(cutovers.waitingFor))),
      ),
    )
    .orderBy(cutovers.startedAt);
  return rows.map((row) => ({
    id: `cutover-${row.id}-${row.question?.number ?? 0}`,
    kind: 'cutover',
    tone: 'error',
    fault: {
      message: `The cutover of ${row.serverName} waits for a decision: ${row.question?.text ?? row.waitingFor}`,
      remedy: row.question?.detail ?? 'Open the cutover and decide.',
    },
    since: row.question ? new Date(row.question.askedAt) : row.startAt,
    affected: { count: 1, noun: 'cutover' },
    things: [{ id: row.id, name: row.serverName }],
  }));
}

async function unhealthyConnectors(ctx: ServiceContext, rows: ConnectorRow[]): Promise<Attention[]> {
  const now = ctx.now();
  const counts = await ctx.db
    .select({ connectorId: replicationJobs.connectorId, count: sql<number>`count(*)::int` })
    .from(replicationJobs)
    .where(isNull(replicationJobs.deletedAt))
    .groupBy(replicationJobs.connectorId);
  return rows.flatMap((row) => {
    const { status, reason } = connectorStatus(row, now);
    if (status === 'healthy') return [];
    if (status === 'waiting' && now.getTime() - row.associatedAt.getTime() < FIRST_REPORT_MS) return [];
    const jobs = counts.find((one) => one.connectorId === row.id)?.count ?? 0;
    const silent = row.checks.every((check) => check.ok || check.level !== 'required');
    return {
      id: `connector-${row.id}`,
      kind: 'connector' as const,
      tone: 'error' as const,
      fault: {
        message: `Connector ${row.name} is unhealthy`,
        remedy: silent
          ? 'It does not answer. Check that it runs and reaches the console; what it was doing goes on when it is back.'
          : `${reason ?? ''} It is healthy again by itself, within seconds of the cause being gone.`,
      },
      since: silent ? row.lastSeenAt : null,
      affected: { count: jobs, noun: 'replication job' },
      things: [{ id: row.id, name: row.name }],
    };
  });
}

/** Jobs whose newest run failed, by the code of the fault: those that paused themselves, and those that will try again. */
async function failedRuns(ctx: ServiceContext, workspaceId: string): Promise<Attention[]> {
  const newest = ctx.db
    .selectDistinctOn([replicationRuns.jobId], {
      jobId: replicationRuns.jobId,
      name: replicationRuns.serverName,
      jobState: sql<JobState>`${replicationJobs.state}`.as('job_state'),
      pausedAt: replicationJobs.pausedAt,
      state: replicationRuns.state,
      fault: replicationRuns.fault,
      endedAt: replicationRuns.endedAt,
    })
    .from(replicationRuns)
    .innerJoin(replicationJobs, eq(replicationJobs.id, replicationRuns.jobId))
    .where(
      and(
        eq(replicationRuns.workspaceId, workspaceId),
        isNull(replicationJobs.deletedAt),
        ne(replicationRuns.state, 'missed'),
      ),
    )
    .orderBy(replicationRuns.jobId, desc(replicationRuns.createdAt))
    .as('newest');
  const rows = await ctx.db.select().from(newest).where(eq(newest.state, 'failed')).orderBy(desc(newest.endedAt));
  const paused = rows.filter(({ jobState }) => jobState === 'paused-on-failure');
  const others = rows.filter(({ jobState }) => jobState !== 'paused-on-failure');
  return [
    ...grouped(paused, (row) => row.fault?.code ?? 'internal').map(
      ([code, group]): Attention => ({
        id: `paused-${code}`,
        kind: 'paused-jobs',
        tone: 'error',
        fault: afterPausing(commonFault(group.map((row) => row.fault)), group.length),
        since: earliest(group.map((row) => row.pausedAt)),
        affected: { count: group.length, noun: 'replication job' },
        things: group.slice(0, SHOWN_THINGS).map((row) => ({ id: row.jobId, name: row.name })),
      }),
    ),
    ...grouped(others, (row) => row.fault?.code ?? 'internal').map(
      ([code, group]): Attention => ({
        id: `failed-${code}`,
        kind: 'failed-runs',
        tone: 'error',
        fault: commonFault(group.map((row) => row.fault)),
        since: earliest(group.map((row) => row.endedAt)),
        affected: { count: group.length, noun: 'replication job' },
        things: group.slice(0, SHOWN_THINGS).map((row) => ({ id: row.jobId, name: row.name })),
      }),
    ),
  ];
}

/** The fault of the runs that failed, told of jobs whose schedule rests because of it. */
function afterPausing(fault: Attention['fault'], count: number): Attention['fault'] {
  const who = count === 1 ? 'A replication job has paused' : `${count} replication jobs have paused`;
  return {
    ...fault,
    message: `${who} after failed runs: ${fault.message}`,
    remedy: `${fault.remedy} Then resume ${count === 1 ? 'it' : 'them'}: until then no run starts by itself.`,
  };
}

/** Runs for which something is missing. Those that are only queued wait for their turn, which needs nobody. */
async function waitingRuns(ctx: ServiceContext, workspaceId: string): Promise<Attention[]> {
  const rows = await ctx.db
    .select({
      jobId: replicationRuns.jobId,
      name: replicationRuns.serverName,
      waitingFor: replicationRuns.waitingFor,
      since: replicationRuns.scheduledFor,
    })
    .from(replicationRuns)
    .where(and(eq(replicationRuns.workspaceId, workspaceId), eq(replicationRuns.queueState, 'waiting')))
    .orderBy(replicationRuns.scheduledFor);
  return grouped(rows, (row) => row.waitingFor ?? '').map(([waitingFor, group]) => ({
    id: `waiting-${waitingFor}`,
    kind: 'waiting-runs',
    tone: 'warning',
    fault: {
      message: `${group.length === 1 ? 'A replication run cannot start' : `${group.length} replication runs cannot start`}. ${waitingFor}`,
      remedy: 'Nothing is lost: it starts by itself as soon as what it waits for is there.',
    },
    since: earliest(group.map((row) => row.since)),
    affected: { count: group.length, noun: 'replication run' },
    things: group.slice(0, SHOWN_THINGS).map((row) => ({ id: row.jobId, name: row.name })),
  }));
}

function failedImports(rows: ConnectorRow[]): Attention[] {
  return rows.flatMap((row) =>
    row.catalogState === 'failed' && row.catalogFault
      ? {
          id: `catalog-${row.id}`,
          kind: 'catalog' as const,
          tone: 'warning' as const,
          fault: {
            ...commonFault([row.catalogFault]),
            message: `The server catalog could not be imported from ${row.name}: ${row.catalogFault.message}`,
          },
          since: null,
          affected: { count: 1, noun: 'connector' },
          things: [{ id: row.id, name: row.name }],
        }
      : [],
  );
}

/** What a run made outside and cannot be taken away. */
async function leftOvers(ctx: ServiceContext, workspaceId: string): Promise<Attention[]> {
  const rows = await ctx.db
    .select({
      fault: artifacts.releaseFault,
      since: artifacts.createdAt,
      jobId: replicationRuns.jobId,
      name: replicationRuns.serverName,
    })
    .from(artifacts)
    .innerJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .where(and(eq(artifacts.workspaceId, workspaceId), isLeftOver()))
    .orderBy(artifacts.createdAt);
  return grouped(rows, (row) => row.fault?.code ?? 'internal').map(([code, group]) => {
    const jobs = new Map(group.map((row) => [row.jobId, row.name]));
    return {
      id: `left-over-${code}`,
      kind: 'left-over',
      tone: 'warning',
      fault: {
        ...commonFault(group.map((row) => row.fault)),
        message: `What a run made could not be taken away again: ${commonFault(group.map((row) => row.fault)).message}`,
      },
      since: earliest(group.map((row) => row.since)),
      affected: { count: group.length, noun: 'artifact' },
      things: [...jobs].slice(0, SHOWN_THINGS).map(([id, name]) => ({ id, name })),
    };
  });
}

/** Items by a key, the largest group first. */
function grouped<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const at = key(item);
    const group = groups.get(at);
    if (group) group.push(item);
    else groups.set(at, [item]);
  }
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}

/** The words for several faults of one code: their own where they agree, else those of their kind. */
function commonFault(faults: readonly (Fault | null)[]): Attention['fault'] {
  const known = faults.filter((one) => one !== null);
  const [first] = known;
  if (!first) return { code: 'internal', ...pick(FAULT_KINDS.internal) };
  const alike = known.every((one) => one.message === first.message && one.remedy === first.remedy);
  const words = alike ? first : FAULT_KINDS[first.code];
  return { code: first.code, ...pick(words), ...(first.cause ? { cause: first.cause } : {}) };
}

const pick = ({ message, remedy }: { message: string; remedy: string }) => ({ message, remedy });

function earliest(dates: readonly (Date | null)[]): Date | null {
  const known = dates.filter((date) => date !== null);
  return known.length > 0 ? new Date(Math.min(...known.map((date) => date.getTime()))) : null;
}
