// Reading cutovers: the table, and one with everything that its page, its wall view and its evidence show.

import { and, asc, desc, eq } from 'drizzle-orm';
import {
  type CutoverRow,
  cutoverLog,
  cutovers,
  images,
  instances,
  type RunRow,
  replicationJobs,
  replicationRuns,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { canCancel, canRollBack, cutoverStateSchema, downtime, isOver } from '../../../replication/model/cutover.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, type ServiceContext } from '../context.ts';
import { testLaunchTime } from '../instances/test-launch-time.ts';
import type { List } from '../list-columns.ts';
import { findPage } from '../list-find.ts';
import type { ListPage, ListQuery } from '../list-page.ts';
import { runStatus } from '../runs/view.ts';
import { cutoverReadiness } from './checks.ts';

/** As many lines as a night makes; older ones are in the evidence. */
const SHOWN_LINES = 500;

const CUTOVERS: List = {
  table: cutovers,
  id: cutovers.id,
  workspaceId: cutovers.workspaceId,
  search: cutovers.search,
  columns: {
    id: { column: cutovers.id, kind: 'text' },
    server: { column: cutovers.serverName, kind: 'text' },
    state: { column: cutovers.state, kind: 'choice', values: cutoverStateSchema.options },
    job: { column: cutovers.jobId, kind: 'text', begins: 'sms-job-', indexed: false },
    startAt: { column: cutovers.beginsAt, kind: 'date' },
    createdBy: { column: cutovers.createdBy, kind: 'text' },
    createdAt: { column: cutovers.createdAt, kind: 'date' },
    endedAt: { column: cutovers.endedAt, kind: 'date' },
  },
};

function listed(row: CutoverRow, now: Date) {
  const { consoleOutput: _console, workspaceId: _workspace, search: _search, ...shown } = row;
  return {
    ...shown,
    canCancel: canCancel(row),
    canRollBack: canRollBack(row),
    over: isOver(row.state),
    /** Milliseconds at the moment of the answer; it goes on while `downtimeEndedAt` is null. */
    downtimeMs: downtime(row, now),
  };
}
export type ListedCutover = ReturnType<typeof listed>;

export async function listCutovers(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ListedCutover>> {
  const workspaceId = guard(ctx, 'cutover.read');
  return findPage(ctx.db, CUTOVERS, workspaceId, query, async (tx, here) => {
    const rows = await tx.select().from(cutovers).where(here);
    return rows.map((row) => listed(row, ctx.now()));
  });
}

export async function getCutover(ctx: ServiceContext, cutoverId: string) {
  const workspaceId = guard(ctx, 'cutover.read');
  const [row] = await ctx.db
    .select()
    .from(cutovers)
    .where(and(eq(cutovers.id, cutoverId), eq(cutovers.workspaceId, workspaceId)));
  if (!row) throw faultError('not-found', { message: `There is no cutover ${cutoverId}.` });
  const lines = await ctx.db
    .select()
    .from(cutoverLog)
    .where(eq(cutoverLog.cutoverId, row.id))
    .orderBy(desc(cutoverLog.id))
    .limit(SHOWN_LINES);
  const run = await runOf(ctx, workspaceId, row.finalRunId);
  const [instance] = row.launchId
    ? await ctx.db
        .select({
          id: instances.id,
          instanceId: instances.instanceId,
          state: instances.state,
          detail: instances.detail,
        })
        .from(instances)
        .where(eq(instances.id, row.launchId))
    : [];
  // Before it begins the checks are looked at as they are now; after that, as they were then.
  const ahead = row.state === 'planned' ? await cutoverReadiness(ctx.db, row.jobId, row.options, ctx.now()) : null;
  return {
    ...listed(row, ctx.now()),
    now: ctx.now(),
    checks: ahead?.checks ?? row.checks,
    estimatedSeconds: ahead?.estimatedSeconds ?? null,
    rehearsed: await testLaunchTime(ctx.db, row.jobId),
    consoleOutput: row.consoleOutput,
    log: lines.reverse(),
    run: run && { id: run.id, imageId: run.imageId, status: runStatus(run), progress: run.progress },
    instance: instance
      ? {
          id: instance.id,
          instanceId: instance.instanceId,
          state: instance.state,
          privateAddress: instance.detail?.privateAddress ?? null,
          publicAddress: instance.detail?.publicAddress ?? null,
        }
      : null,
  };
}

async function runOf(ctx: ServiceContext, workspaceId: WorkspaceId, runId: string | null): Promise<RunRow | null> {
  if (!runId) return null;
  const [run] = await ctx.db
    .select()
    .from(replicationRuns)
    .where(and(eq(replicationRuns.id, runId), eq(replicationRuns.workspaceId, workspaceId)));
  return run ?? null;
}

/** The open cutover of a job, else its newest; null when there was none. */
export async function cutoverOfJob(ctx: ServiceContext, jobId: string): Promise<ListedCutover | null> {
  const workspaceId = guard(ctx, 'cutover.read');
  const [row] = await ctx.db
    .select()
    .from(cutovers)
    .where(and(eq(cutovers.jobId, jobId), eq(cutovers.workspaceId, workspaceId)))
    .orderBy(desc(cutovers.createdAt))
    .limit(1);
  return row ? listed(row, ctx.now()) : null;
}

/**
 * What there is to show of a cutover to whoever was not there: times, decisions, checks, and the digests that say which
 * bytes went. Nothing in it is secret; launch settings are left to the instance's page.
 */
export async function cutoverEvidence(ctx: ServiceContext, cutoverId: string) {
  const workspaceId = guard(ctx, 'cutover.read');
  const details = await getCutover(ctx, cutoverId);
  const lines = await ctx.db
    .select()
    .from(cutoverLog)
    .where(eq(cutoverLog.cutoverId, cutoverId))
    .orderBy(asc(cutoverLog.id));
  const run = await runOf(ctx, workspaceId, details.finalRunId);
  const [job] = await ctx.db
    .select()
    .from(replicationJobs)
    .where(and(eq(replicationJobs.id, details.jobId), eq(replicationJobs.workspaceId, workspaceId)));
  const [image] = run
    ? await ctx.db
        .select()
        .from(images)
        .where(and(eq(images.runId, run.id), eq(images.workspaceId, workspaceId)))
    : [];
  const server = run?.results['check-server']?.server ?? null;
  const snapshot = run?.results['take-snapshot'];
  return {
    format: 'landfall-cutover-evidence/1',
    writtenAt: ctx.now().toISOString(),
    cutover: {
      id: details.id,
      server: details.serverName,
      state: details.state,
      plannedBy: details.createdBy,
      plannedAt: details.createdAt.toISOString(),
      startedBy: details.startedBy,
      startedAt: details.startedAt?.toISOString() ?? null,
      endedAt: details.endedAt?.toISOString() ?? null,
      options: details.options,
    },
    downtime: {
      startedAt: details.downtimeStartedAt?.toISOString() ?? null,
      endedAt: details.downtimeEndedAt?.toISOString() ?? null,
      seconds: details.downtimeMs === null ? null : Math.round(details.downtimeMs / 1000),
      rehearsedLaunchSeconds: details.rehearsed?.seconds ?? null,
    },
    source: server
      ? { vmId: server.vmId, uuid: server.uuid, path: server.path, host: server.host, powerAtSnapshot: server.power }
      : null,
    checksBefore: details.checks,
    checksOfInstance: details.instanceChecks,
    steps: details.timeline,
    run: run
      ? {
          id: run.id,
          job: run.jobId,
          connector: job?.connectorId ?? run.connectorId,
          snapshotTakenAt: snapshot?.takenAt ?? null,
          quiesced: snapshot?.quiesced ?? null,
          atRest: snapshot?.atRest ?? null,
          image: run.imageId,
          verified: image?.verified ?? null,
        }
      : null,
    disks: (run?.results['copy-disks']?.disks ?? []).map((disk) => ({
      id: disk.id,
      label: snapshot?.disks.find(({ id }) => id === disk.id)?.label ?? null,
      capacityBytes: disk.capacityBytes,
      mode: disk.mode,
      /** SHA-256 over the manifest of the SHA-256 of every 512 KiB block. */
      rootDigest: disk.rootDigest,
      ebsSnapshot: run?.results['make-snapshots']?.disks.find(({ id }) => id === disk.id)?.snapshotId ?? null,
      verified: run?.results.verify?.disks.find(({ id }) => id === disk.id) ?? null,
    })),
    instance: details.instance,
    consoleOutput: details.consoleOutput,
    decisions: lines.filter(({ level }) => level === 'decision').map(entry),
    log: lines.map(entry),
  };
}

function entry({ at, level, step, who, text }: typeof cutoverLog.$inferSelect) {
  return { at: at.toISOString(), level, step, who, text };
}
