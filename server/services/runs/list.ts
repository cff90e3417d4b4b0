// Reading runs: history pages, one run in full, its log.
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { artifacts, replicationRuns, runLog } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, type ServiceContext } from '../context.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses, wholePage } from '../list-page.ts';
import { changedBytesOf, copiedBytes, copyModeOf, runStatus, runSteps, verifiedOf } from './view.ts';

type RunRow = typeof replicationRuns.$inferSelect;

/** The disks as they were copied, or as far as that is decided. */
const decidedDisks = sql`coalesce(${replicationRuns.results}->'copy-disks'->'disks',
  ${replicationRuns.results}->'start-snapshots'->'disks', ${replicationRuns.results}->'find-changes'->'disks')`;

const COLUMNS: Record<string, ListColumn> = {
  id: { sql: replicationRuns.id, kind: 'text' },
  server: { sql: replicationRuns.serverName, kind: 'text' },
  job: { sql: replicationRuns.jobId, kind: 'text' },
  type: { sql: replicationRuns.type, kind: 'choice' },
  state: { sql: replicationRuns.state, kind: 'choice' },
  image: { sql: replicationRuns.imageId, kind: 'text' },
  /** Of a pending run: `queued` until a place is free, `waiting` for something that is not there. */
  queue: {
    sql: replicationRuns.queueState,
    kind: 'choice',
  },
  scheduledFor: { sql: replicationRuns.scheduledFor, kind: 'date' },
  startedAt: { sql: replicationRuns.startedAt, kind: 'date' },
  duration: { sql: sql`extract(epoch from ${replicationRuns.endedAt} - ${replicationRuns.startedAt})`, kind: 'number' },
  copyMode: {
    sql: sql`(select case when count(distinct d->>'mode') > 1 then 'mixed' else min(d->>'mode') end
      from jsonb_array_elements(${decidedDisks}) d)`,
    kind: 'choice',
  },
  changed: { sql: sumOf('find-changes', 'changedBytes'), kind: 'number' },
  read: { sql: sumOf('copy-disks', 'bytesRead'), kind: 'number' },
  sent: { sql: sumOf('copy-disks', 'bytesSent'), kind: 'number' },
};

/** MiB over the disks of a step's result. */
function sumOf(step: 'find-changes' | 'copy-disks', field: string) {
  return sql`(select sum((d->>${field}::text)::numeric) / 1048576
    from jsonb_array_elements(${replicationRuns.results}->${step}::text->'disks') d)`;
}

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
  input: ListQuery & { jobId?: string | undefined },
): Promise<ListPage<ListedRun>> {
  const workspaceId = guard(ctx, 'run.read');
  const { where, ...page } = listClauses(input, COLUMNS, replicationRuns.id);
  const all = and(
    eq(replicationRuns.workspaceId, workspaceId),
    input.jobId ? eq(replicationRuns.jobId, input.jobId) : undefined,
    where,
  );
  const rows = await ctx.db
    .select()
    .from(replicationRuns)
    .where(all)
    .orderBy(...page.orderBy)
    .limit(page.limit)
    .offset(page.offset);
  return wholePage(rows.map(listed), await ctx.db.$count(replicationRuns, all));
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
