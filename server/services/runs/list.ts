// Reading runs: history pages, one run in full, its log.
import { and, asc, eq, gt } from 'drizzle-orm';
import { artifacts, replicationRuns, runLog } from '../../../db/schema/index.ts';
import { copyModeSchema } from '../../../replication/model/baseline.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { runStateSchema, runTypeSchema } from '../../../replication/model/run.ts';
import { guard, type ServiceContext } from '../context.ts';
import type { List } from '../list-columns.ts';
import { rowsOf } from '../list-filter.ts';
import { findPage } from '../list-find.ts';
import type { ListPage, ListQuery } from '../list-page.ts';
import { changedBytesOf, copiedBytes, copyModeOf, runStatus, runSteps, verifiedOf } from './view.ts';

type RunRow = typeof replicationRuns.$inferSelect;

const MIB = 1_048_576;

const RUNS: List = {
  table: replicationRuns,
  id: replicationRuns.id,
  workspaceId: replicationRuns.workspaceId,
  search: replicationRuns.search,
  columns: {
    id: { column: replicationRuns.id, kind: 'text', begins: 'sms-run-' },
    server: { column: replicationRuns.serverName, kind: 'text' },
    job: { column: replicationRuns.jobId, kind: 'text', begins: 'sms-job-' },
    type: { column: replicationRuns.type, kind: 'choice', values: runTypeSchema.options },
    state: { column: replicationRuns.state, kind: 'choice', values: runStateSchema.options },
    image: { column: replicationRuns.imageId, kind: 'text', begins: 'ami-' },
    /** Of a pending run: `queued` until a place is free, `waiting` for something that is not there. */
    queue: { column: replicationRuns.queueState, kind: 'choice', values: ['queued', 'waiting'] },
    scheduledFor: { column: replicationRuns.scheduledFor, kind: 'date' },
    startedAt: { column: replicationRuns.startedAt, kind: 'date', since: replicationRuns.scheduledFor },
    /** Seconds. */
    duration: { column: replicationRuns.durationSeconds, kind: 'number' },
    copyMode: { column: replicationRuns.copyMode, kind: 'choice', values: [...copyModeSchema.options, 'mixed'] },
    changed: { column: replicationRuns.changedBytes, kind: 'number', per: MIB },
    read: { column: replicationRuns.readBytes, kind: 'number', per: MIB },
    sent: { column: replicationRuns.sentBytes, kind: 'number', per: MIB },
  },
};

function listed(run: RunRow) {
  return {
    id: run.id,
    jobId: run.jobId,
    serverName: run.serverName,
    type: run.type,
    status: runStatus(run),
    scheduledFor: run.scheduledFor,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    copyMode: copyModeOf(run),
    changedBytes: changedBytesOf(run),
    bytes: copiedBytes(run),
    verified: verifiedOf(run.results.verify?.disks ?? []),
    imageId: run.imageId,
    note: run.note,
    fault: run.fault,
    quiesced: run.results['take-snapshot']?.quiesced ?? null,
  };
}
export type ListedRun = ReturnType<typeof listed>;

/** Runs of the workspace, or of one job. */
export async function listRuns(
  ctx: ServiceContext,
  { jobId, ...query }: ListQuery & { jobId?: string | undefined },
): Promise<ListPage<ListedRun>> {
  const workspaceId = guard(ctx, 'run.read');
  return findPage(
    ctx.db,
    RUNS,
    workspaceId,
    query,
    async (tx, here) => (await tx.select().from(replicationRuns).where(here)).map(listed),
    jobId ? [rowsOf(replicationRuns.jobId, jobId)] : [],
  );
}

/** One run with its steps, disks, snapshot and artifacts. */
export async function getRun(ctx: ServiceContext, runId: string) {
  const workspaceId = guard(ctx, 'run.read');
  const [run] = await ctx.db
    .select()
    .from(replicationRuns)
    .where(and(eq(replicationRuns.id, runId), eq(replicationRuns.workspaceId, workspaceId)));
  if (!run) throw faultError('not-found', { message: `There is no run ${runId}.` });
  const made = await ctx.db
    .select({
      id: artifacts.id,
      kind: artifacts.kind,
      state: artifacts.state,
      externalId: artifacts.externalId,
      createdAt: artifacts.createdAt,
      releasedAt: artifacts.releasedAt,
      releaseFault: artifacts.releaseFault,
    })
    .from(artifacts)
    .where(eq(artifacts.runId, runId))
    .orderBy(asc(artifacts.createdAt));
  const snapshot = run.results['take-snapshot'];
  return {
    ...listed(run),
    steps: runSteps(run),
    progress: run.progress,
    settings: run.settings,
    snapshot: snapshot
      ? {
          name: snapshot.name,
          takenAt: snapshot.takenAt,
          quiesced: snapshot.quiesced,
          atRest: snapshot.atRest,
          notQuiescedBecause: snapshot.notQuiescedBecause,
        }
      : null,
    transport: run.results['copy-disks']?.transport ?? null,
    transportWhy: run.results['copy-disks']?.transportWhy ?? null,
    disks: (snapshot?.disks ?? []).map((disk) => {
      const copied = run.results['copy-disks']?.disks.find((one) => one.id === disk.id);
      const found = run.results['find-changes']?.disks.find((one) => one.id === disk.id);
      const started = run.results['start-snapshots']?.disks.find((one) => one.id === disk.id);
      const decided = copied ?? started ?? found;
      return {
        id: disk.id,
        label: disk.label,
        capacityBytes: disk.capacityBytes,
        mode: decided?.mode ?? null,
        reason: decided?.reason ?? null,
        changedBytes: found?.changedBytes ?? null,
        bytesRead: copied?.bytesRead ?? null,
        bytesSent: copied?.bytesSent ?? null,
        seconds: copied?.seconds ?? null,
        rootDigest: copied?.rootDigest ?? null,
        snapshotId: run.results['make-snapshots']?.disks.find((one) => one.id === disk.id)?.snapshotId ?? null,
      };
    }),
    findings: run.results['check-server']?.findings ?? [],
    imageMethod: run.results['create-image']?.method ?? null,
    descriptor: run.results['copy-disks']?.descriptor ?? null,
    artifacts: made,
  };
}

/** Lines of a run's log after a line, oldest first. */
export async function runLogLines(ctx: ServiceContext, input: { runId: string; after?: number | undefined }) {
  const workspaceId = guard(ctx, 'run.read');
  const [run] = await ctx.db
    .select({ id: replicationRuns.id })
    .from(replicationRuns)
    .where(and(eq(replicationRuns.id, input.runId), eq(replicationRuns.workspaceId, workspaceId)));
  if (!run) throw faultError('not-found', { message: `There is no run ${input.runId}.` });
  return ctx.db
    .select({ id: runLog.id, at: runLog.at, level: runLog.level, step: runLog.step, text: runLog.text })
    .from(runLog)
    .where(and(eq(runLog.runId, input.runId), gt(runLog.id, input.after ?? 0)))
    .orderBy(asc(runLog.id))
    .limit(1000);
}
