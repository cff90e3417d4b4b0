// Takes a run one transition further, whatever made somebody look at it. Safe to call at any time, any number of times.
import { and, eq, sql } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { type JobRow, type RunRow, replicationJobs, replicationRuns, runLog, tasks } from '../../../db/schema/index.ts';
import { type Fault, fault } from '../../../replication/model/fault.ts';
import { nextStep, type StepId, type StepPlan, stepPlan } from '../../../replication/model/itinerary.ts';
import { isPaused, type JobState } from '../../../replication/model/job.ts';
import { isEnded, type RunEvent, transition, type WaitingKind, waitsFor } from '../../../replication/model/run.ts';
import { releaseAfterRun } from '../artifacts/due.ts';
import { dropBaselines } from '../baselines/baselines.ts';
import { inTransaction, type ProgramContext, type Work } from '../context.ts';
import { hintTasks } from '../leases/hints.ts';
import { MOST_LOSSES } from '../leases/lease.ts';
import { nudgeQueued, whyQueued } from '../limits/limits.ts';
import { lockRun } from './lock.ts';
import { needsPlace, readPending, whyHeldBack } from './pending.ts';

export async function advanceRun(ctx: ProgramContext, runId: string): Promise<void> {
  const [found] = await ctx.db
    .select({ workspaceId: replicationRuns.workspaceId, state: replicationRuns.state })
    .from(replicationRuns)
    .where(eq(replicationRuns.id, runId));
  if (!found || isEnded(found.state)) return;
  await inTransaction(ctx, found.workspaceId, async (work) => {
    const run = await lockRun(work.tx, runId);
    if (!run || isEnded(run.state)) return;
    if (run.state === 'pending') await advancePending(ctx, work, run);
    else await advanceActive(ctx, work, run);
  });
}

/** How the task of a step ended. */
interface Ended {
  stepId: StepId;
  state: 'done' | 'failed' | 'cancelled';
  fault: Fault | null;
}
/** What is written of a run beside its transition: one update of the row does for both. */
type Changes = Partial<Pick<RunRow, 'results' | 'timeline' | 'percent'>>;

/** The same for a run that this transaction has locked and whose step it has just ended: no queue stands between two steps. */
export async function advanceEnded(
  ctx: ProgramContext,
  work: Work,
  run: RunRow,
  ended: Ended,
  changes: Changes = {},
): Promise<void> {
  if (run.state !== 'active' || run.step !== ended.stepId) return;
  await afterStep(ctx, work, { ...run, ...changes }, ended, changes);
}

async function advancePending(ctx: ProgramContext, work: Work, run: RunRow): Promise<void> {
  if (run.cancelRequestedAt) return endRun(ctx, work, run, 'cancel', fault('cancelled'));
  const [pending] = await readPending(work.tx).where(eq(replicationRuns.id, run.id));
  if (!pending) return;
  const why = whyHeldBack(pending, ctx.now());
  if (why) return waitFor(work, run, why);
  const queued = pending.connector && needsPlace(run) ? await whyQueued(work.tx, pending, pending.connector) : null;
  if (queued) return waitFor(work, run, queued, 'queued');
  await work.tx
    .update(replicationRuns)
    .set({ state: 'active', startedAt: ctx.now(), ...waitsFor(null) })
    .where(eq(replicationRuns.id, run.id));
  await work.tx
    .update(replicationJobs)
    .set({
      state: sql`case when ${replicationJobs.state} in ('deleting', 'deleted', 'paused', 'paused-on-failure') then ${replicationJobs.state} else 'active' end`,
      statusMessage: sql`case when ${replicationJobs.state} = 'paused-on-failure' then ${replicationJobs.statusMessage} end`,
    })
    .where(eq(replicationJobs.id, run.jobId));
  await openStep(work, run, stepPlan(run.step));
}

async function advanceActive(ctx: ProgramContext, work: Work, run: RunRow): Promise<void> {
  const [task] = await work.tx
    .select({
      id: tasks.id,
      state: tasks.state,
      fault: tasks.fault,
      losses: tasks.losses,
      overdue: sql<boolean>`${tasks.holder} is not null and ${tasks.leaseUntil} < now()`,
      free: sql<boolean>`${tasks.holder} is null or ${tasks.leaseUntil} < now()`,
      waited: sql<number>`extract(epoch from now() - greatest(${tasks.notBefore}, ${tasks.createdAt}))::float8`,
    })
    .from(tasks)
    .where(and(eq(tasks.kind, 'step'), eq(tasks.runId, run.id), eq(tasks.stepId, run.step)))
    .for('update');
  if (!task) return openStep(work, run, stepPlan(run.step));
  if (task.state !== 'open') return afterStep(ctx, work, run, { state: task.state, fault: task.fault });
  if (!task.free) return;
  const isAbandoned = task.overdue && task.losses >= MOST_LOSSES - 1;
  if (run.cancelRequestedAt || isAbandoned) {
    await work.tx
      .update(tasks)
      .set({ state: 'cancelled', holder: null, endedAt: sql`now()` })
      .where(eq(tasks.id, task.id));
    if (run.cancelRequestedAt) return endRun(ctx, work, run, 'cancel', fault('cancelled'));
    return endRun(ctx, work, run, 'fail', abandoned(stepPlan(run.step)));
  }
  await hintTasks(work.tx, stepPlan(run.step).place === 'cloud' ? null : run.connectorId);
  if (task.waited > SAY_WAITING_AFTER_SECONDS && !run.waitingFor) {
    const who = stepPlan(run.step).place === 'cloud' ? 'a worker' : 'its connector';
    await waitFor(
      work,
      run,
      task.overdue ? `Waits for ${who}, which stopped answering.` : `Waits for ${who} to take the step up.`,
    );
  }
}

async function afterStep(
  ctx: ProgramContext,
  work: Work,
  run: RunRow,
  ended: Omit<Ended, 'stepId'>,
  changes: Changes = {},
): Promise<void> {
  if (ended.state === 'failed') return endRun(ctx, work, run, 'fail', ended.fault ?? fault('internal'), changes);
  if (ended.state === 'cancelled' || run.cancelRequestedAt)
    return endRun(ctx, work, run, 'cancel', fault('cancelled'), changes);
  const next = nextStep(run.step);
  if (!next) return endRun(ctx, work, run, 'complete', null, changes);
  return openStep(work, run, next, changes);
}

const SAY_WAITING_AFTER_SECONDS = 5;

/** Each holder of the step fell silent where those before it did. */
function abandoned({ label, place }: StepPlan): Fault {
  const who = place === 'cloud' ? 'a worker' : 'the connector';
  return fault('work-abandoned', {
    message: `${label} was begun ${MOST_LOSSES} times, and each time ${who} fell silent before it got any further.`,
    blame: place === 'cloud' ? 'us' : 'connector',
  });
}

async function waitFor(work: Work, run: RunRow, why: string, kind: WaitingKind = 'waiting'): Promise<void> {
  if (run.waitingFor === why) return;
  await work.tx.update(replicationRuns).set(waitsFor(why, kind)).where(eq(replicationRuns.id, run.id));
  work.event({ topic: 'runs', subjectId: run.id, kind: 'changed', data: { jobId: run.jobId } });
}

async function openStep(work: Work, run: RunRow, plan: StepPlan, changes: Changes = {}): Promise<void> {
  const { tx } = work;
  const connectorId = plan.place === 'connector' ? run.connectorId : null;
  await tx
    .insert(tasks)
    .values({
      id: newId.task(),
      workspaceId: run.workspaceId,
      kind: 'step',
      place: plan.place,
      connectorId,
      runId: run.id,
      stepId: plan.id,
    })
    .onConflictDoNothing();
  await tx
    .update(replicationRuns)
    .set({ ...changes, step: plan.id, ...(plan.id === run.step ? {} : { progress: null, ...waitsFor(null) }) })
    .where(eq(replicationRuns.id, run.id));
  await hintTasks(tx, connectorId);
  work.event({ topic: 'runs', subjectId: run.id, kind: 'changed', data: { jobId: run.jobId } });
  work.event({ topic: 'jobs', subjectId: run.jobId, kind: 'changed' });
}

/** Ends a run and tells its job. What it leaves outside goes by the ledger (engine/reaper.ts). */
async function endRun(
  ctx: ProgramContext,
  work: Work,
  run: RunRow,
  by: Extract<RunEvent, 'complete' | 'fail' | 'cancel'>,
  theFault: Fault | null,
  changes: Changes = {},
): Promise<void> {
  const { tx } = work;
  const state = transition(run.state, by);
  if (!state) return;
  const at = ctx.now();
  await tx
    .update(replicationRuns)
    .set({
      ...changes,
      state,
      fault: theFault,
      ...waitsFor(null),
      endedAt: at,
      progress: null,
      ...(by === 'complete' ? { percent: 100 } : {}),
    })
    .where(eq(replicationRuns.id, run.id));
  await releaseAfterRun(tx, run.id);
  await tx.insert(runLog).values({
    runId: run.id,
    at,
    level: by === 'complete' ? 'info' : by === 'cancel' ? 'warning' : 'error',
    text:
      by === 'complete' ? `Completed: ${run.results['create-image']?.imageId ?? ''}` : (theFault?.message ?? 'Ended'),
  });
  const [job] = await tx.select().from(replicationJobs).where(eq(replicationJobs.id, run.jobId)).for('update');
  if (job) {
    const deleting = job.state === 'deleting';
    await tx
      .update(replicationJobs)
      .set({
        ...jobAfter(job, by, theFault, at),
        ...(deleting ? { state: 'deleted' as const, deletedAt: at, nextRunAt: null } : {}),
      })
      .where(eq(replicationJobs.id, job.id));
    if (deleting) await dropBaselines(work, job.id);
  }
  work.event({ topic: 'runs', subjectId: run.id, kind: 'changed', data: { jobId: run.jobId } });
  work.event({ topic: 'jobs', subjectId: run.jobId, kind: 'changed' });
  work.event({ topic: 'servers', subjectId: null, kind: 'changed' });
  await nudgeQueued(tx, run.workspaceId, run);
}

/** What the end of a run makes of its job: its state, its failures in a row, and whether it pauses by itself. */
function jobAfter(job: JobRow, by: 'complete' | 'fail' | 'cancel', theFault: Fault | null, at: Date): Partial<JobRow> {
  const failuresInRow = by === 'complete' ? 0 : job.failuresInRow + (by === 'fail' ? 1 : 0);
  const limit = job.pauseAfterFailures;
  if (isPaused(job.state)) return { failuresInRow };
  if (by === 'fail' && job.everyHours !== null && limit !== null && failuresInRow >= limit) {
    const often = failuresInRow === 1 ? 'a failed run' : `${failuresInRow} failed runs in a row`;
    return {
      state: 'paused-on-failure',
      failuresInRow,
      pausedAt: at,
      nextRunAt: null,
      statusMessage: `Paused after ${often}. The last said: ${sentence(theFault?.message ?? 'nothing')} Resolve it, then resume the job.`,
    };
  }
  return {
    state: jobStateAfter(by, job.everyHours),
    failuresInRow,
    statusMessage: by === 'complete' ? null : (theFault?.message ?? null),
  };
}

/** What a fault says may end without a full stop: a code, a name. */
const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

function jobStateAfter(by: 'complete' | 'fail' | 'cancel', everyHours: number | null): JobState {
  if (everyHours !== null) return by === 'fail' ? 'failing' : 'active';
  if (by === 'complete') return 'completed';
  // A cancelled single run leaves a job that can be started again.
  return by === 'fail' ? 'failed' : 'pending';
}
