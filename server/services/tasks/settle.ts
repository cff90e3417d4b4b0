// The end of a leased piece of work: its result kept with the run, or its fault, or another try.

import { eq, sql } from 'drizzle-orm';
import { type RunRow, replicationRuns, runLog, tasks } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { type Fault, fault, faultError } from '../../../replication/model/fault.ts';
import { runPercent, type StepId, stepPlan } from '../../../replication/model/itinerary.ts';
import { answeredWithin, isOutage, waitedInVain, waitingWords } from '../../../replication/model/outage.ts';
import { waitsFor } from '../../../replication/model/run.ts';
import { type StepResults, stepResultSchemas } from '../../../replication/model/step-results.ts';
import type { Confirmation, LogLine } from '../../../replication/wire/gateway.ts';
import { outageSeconds } from '../../env.ts';
import { releaseLeftAtSource } from '../artifacts/due.ts';
import { writeConfirmed } from '../artifacts/ledger.ts';
import { moveBaselines, revokeBaselines } from '../baselines/baselines.ts';
import { importEnded } from '../catalog/import.ts';
import { inTransaction, type ProgramContext, type Work } from '../context.ts';
import { keepPowerResult } from '../cutovers/power.ts';
import { type Held, lockHeldRun, type TaskHead } from '../leases/lease.ts';
import { advanceEnded } from '../runs/advance.ts';
import { writeLines } from './extend.ts';

export type Outcome = { ok: true; result: unknown } | { ok: false; fault: Fault };

/** Seconds before the next try: 1, 2, 4 … 30, with up to as much again by chance. */
function backoffSeconds(attempt: number): number {
  const base = Math.min(30, 2 ** (attempt - 1));
  return base / 2 + (Math.random() * base) / 2;
}

/** What a holder has to tell with the end of its work and did not before. */
export interface LastNews {
  lines?: readonly LogLine[];
  confirmed?: readonly Confirmation[];
}

/** Ends a holder's work and writes down its last news; all of it, or nothing. */
export async function settleTask(
  ctx: ProgramContext,
  workspaceId: WorkspaceId,
  held: Held,
  outcome: Outcome,
  { lines = [], confirmed = [] }: LastNews = {},
): Promise<void> {
  await inTransaction(ctx, workspaceId, async (work) => {
    const { task, run } = await lockHeldRun(work.tx, held);
    await writeLines(work, task, lines);
    await writeConfirmed(work, task, confirmed, ctx.now());
    if (run && task.stepId) {
      if (outcome.ok) return settleStep(ctx, work, task, run, task.stepId, outcome.result);
      return settleFailure(ctx, work, task, run, task.stepId, outcome.fault);
    }
    const theFault = outcome.ok ? null : outcome.fault;
    await endTask(work, task, theFault ? 'failed' : 'done', theFault);
    // Each noun keeps what came of its own work.
    if (task.kind === 'power' && outcome.ok) await keepPowerResult(work, task.id, outcome.result);
    if (task.kind === 'import-catalog' && task.connectorId)
      await importEnded(work, task.connectorId, theFault, ctx.now());
  });
}

async function endTask(
  work: Work,
  task: TaskHead,
  state: 'done' | 'failed' | 'cancelled',
  theFault: Fault | null,
): Promise<void> {
  await work.tx
    .update(tasks)
    .set({ state, fault: theFault, holder: null, leaseUntil: null, endedAt: sql`now()` })
    .where(eq(tasks.id, task.id));
}

async function settleStep(
  ctx: ProgramContext,
  work: Work,
  task: TaskHead,
  run: RunRow,
  stepId: StepId,
  result: unknown,
): Promise<void> {
  const parsed = stepResultSchemas[stepId].safeParse(result);
  if (!parsed.success) {
    throw faultError('input-invalid', {
      message: `The result of ${stepId} is not what the console expects.`,
      cause: parsed.error.message,
    });
  }
  await endTask(work, task, 'done', null);
  if (stepId === 'make-snapshots') await moveBaselines(work, run, parsed.data as StepResults['make-snapshots']);
  if (stepId === 'release-snapshot') await releaseLeftAtSource(work.tx, run.id);
  const began = run.timeline[stepId];
  const timeline = {
    startedAt: began?.startedAt ?? ctx.now().toISOString(),
    attempts: began?.attempts ?? 1,
    endedAt: ctx.now().toISOString(),
  };
  await advanceEnded(
    ctx,
    work,
    run,
    { stepId, state: 'done', fault: null },
    {
      results: { ...run.results, [stepId]: parsed.data },
      timeline: { ...run.timeline, [stepId]: timeline },
      percent: Math.max(run.percent, runPercent(stepId, 1)),
    },
  );
}

async function settleFailure(
  ctx: ProgramContext,
  work: Work,
  task: TaskHead,
  run: RunRow,
  stepId: StepId,
  theFault: Fault,
): Promise<void> {
  const { tx } = work;
  if (isOutage(theFault) && !run.cancelRequestedAt) {
    const patienceMs = outageSeconds() * 1000;
    const since = awaySince(run, stepId, patienceMs, ctx.now());
    if (ctx.now().getTime() - since.getTime() < patienceMs)
      return waitForSite(ctx, work, task, run, stepId, theFault, since, patienceMs);
    theFault = waitedInVain(theFault, patienceMs);
  }
  const willRetry = theFault.retry === 'now' && task.attempt < stepPlan(stepId).attempts && !run.cancelRequestedAt;
  await tx.insert(runLog).values({
    runId: run.id,
    at: ctx.now(),
    level: willRetry ? 'warning' : theFault.code === 'cancelled' ? 'info' : 'error',
    step: stepId,
    text: `${stepPlan(stepId).label}: ${theFault.message}${theFault.cause ? ` (${theFault.cause})` : ''}${willRetry ? ' It will be tried again.' : ''}`,
  });
  if (willRetry) {
    const seconds = backoffSeconds(task.attempt);
    await tx
      .update(tasks)
      .set({
        holder: null,
        leaseUntil: null,
        fault: theFault,
        attempt: task.attempt + 1,
        losses: 0,
        notBefore: sql`now() + make_interval(secs => ${seconds})`,
      })
      .where(eq(tasks.id, task.id));
    await tx
      .update(replicationRuns)
      .set(waitsFor(`${theFault.message} Next try in ${Math.ceil(seconds)} s.`))
      .where(eq(replicationRuns.id, run.id));
  } else if (run.cancelRequestedAt) {
    await endTask(work, task, 'cancelled', fault('cancelled'));
    await advanceEnded(ctx, work, run, { stepId, state: 'cancelled', fault: null });
  } else {
    await endTask(work, task, 'failed', theFault);
    if (theFault.code === 'verification-failed' || theFault.code === 'digests-lost')
      await revokeBaselines(work, run, theFault.message);
    await advanceEnded(ctx, work, run, { stepId, state: 'failed', fault: theFault });
  }
  work.event({ topic: 'runs', subjectId: run.id, kind: 'changed', data: { jobId: run.jobId } });
}

/** When the outage began that a try met: now, unless the tries before met the same one. */
function awaySince(run: RunRow, stepId: StepId, patienceMs: number, now: Date): Date {
  const { awaySince: since, triedAt } = run.timeline[stepId] ?? {};
  if (!since || !triedAt) return now;
  const lasted = now.getTime() - new Date(triedAt).getTime();
  return lasted > answeredWithin(patienceMs) ? now : new Date(since);
}

/** An outage is an ordinary event: the step is done again when the site answers, and the try does not count. */
async function waitForSite(
  ctx: ProgramContext,
  { tx, event }: Work,
  task: TaskHead,
  run: RunRow,
  stepId: StepId,
  theFault: Fault,
  since: Date,
  patienceMs: number,
): Promise<void> {
  const before = run.timeline[stepId];
  const isNew = before?.awaySince !== since.toISOString();
  const until = new Date(since.getTime() + patienceMs);
  const words = waitingWords(theFault, until);
  if (isNew) {
    const text = `${stepPlan(stepId).label}: ${words}${theFault.cause ? ` (${theFault.cause})` : ''}`;
    await tx.insert(runLog).values({ runId: run.id, at: ctx.now(), level: 'warning', step: stepId, text });
  }
  // More and more slowly, and at the end of the patience once more.
  const elapsed = (ctx.now().getTime() - since.getTime()) / 1000;
  const longest = Math.min(30, patienceMs / 20_000, (patienceMs / 1000 - elapsed) / 2);
  const seconds = Math.max(0.2, Math.min(longest, 1 + elapsed / 4)) * (0.75 + Math.random() / 4);
  await tx
    .update(tasks)
    .set({
      holder: null,
      leaseUntil: null,
      fault: theFault,
      losses: 0,
      notBefore: sql`now() + make_interval(secs => ${seconds})`,
    })
    .where(eq(tasks.id, task.id));
  const timeline = {
    startedAt: ctx.now().toISOString(),
    attempts: 1,
    ...before,
    awaySince: since.toISOString(),
  };
  await tx
    .update(replicationRuns)
    .set({ ...waitsFor(words), timeline: { ...run.timeline, [stepId]: timeline } })
    .where(eq(replicationRuns.id, run.id));
  event({ topic: 'runs', subjectId: run.id, kind: 'changed', data: { jobId: run.jobId } });
}
