// The rows behind a lease. Every write of a holder goes through `lockHeld`, which refuses whoever was overtaken.
import { and, eq } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { type RunRow, replicationRuns, type TaskRow, tasks } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { hintTasks } from './hints.ts';

/** So many holders in a row may fall silent without having got any further; then the work ends with `work-abandoned`. */
export const MOST_LOSSES = 5;

/** Proof of a lease: whose it is and under which fence. */
export interface Held {
  taskId: string;
  fence: number;
  /** `<connectorId>/<session>` or a worker's id. */
  holder: string;
}

/** What a write of its holder needs of a task. */
const TASK_HEAD = {
  id: tasks.id,
  kind: tasks.kind,
  connectorId: tasks.connectorId,
  runId: tasks.runId,
  stepId: tasks.stepId,
  cutoverId: tasks.cutoverId,
  attempt: tasks.attempt,
};
export type TaskHead = Pick<TaskRow, keyof typeof TASK_HEAD>;

/** What nearly every write of a holder needs of its run; the whole row, with all results, is large. */
const RUN_HEAD = {
  id: replicationRuns.id,
  jobId: replicationRuns.jobId,
  percent: replicationRuns.percent,
  cancelRequestedAt: replicationRuns.cancelRequestedAt,
};
export type RunHead = Pick<RunRow, keyof typeof RUN_HEAD>;

/**
 * Locks run and task (always in this order, as `advanceRun` does) for a holder's write.
 * Throws `lease-lost` when the task ended or another fence holds it.
 */
export async function lockHeld(tx: Queries, held: Held): Promise<{ task: TaskHead; run: RunHead | null }> {
  // Postgres locks the rows of a join in the order in which its tables are named.
  const [both] = await tx
    .select({ run: RUN_HEAD, task: TASK_HEAD })
    .from(replicationRuns)
    .innerJoin(tasks, eq(tasks.runId, replicationRuns.id))
    .where(isHeld(held))
    .for('update');
  return both ?? { task: await lockTask(tx, held), run: null };
}

/** The same, with all that is known of the run. */
export async function lockHeldRun(tx: Queries, held: Held): Promise<{ task: TaskHead; run: RunRow | null }> {
  const [both] = await tx
    .select({ run: replicationRuns, task: TASK_HEAD })
    .from(replicationRuns)
    .innerJoin(tasks, eq(tasks.runId, replicationRuns.id))
    .where(isHeld(held))
    .for('update');
  return both ?? { task: await lockTask(tx, held), run: null };
}

function isHeld(held: Held) {
  return and(
    eq(tasks.id, held.taskId),
    eq(tasks.fence, held.fence),
    eq(tasks.holder, held.holder),
    eq(tasks.state, 'open'),
  );
}

/**
 * Gives unfinished work back, as a process does that stops: it is free at once, and counts as no loss. Only for a holder whose
 * work has come to rest. A lease that is lost meanwhile is no matter.
 */
export async function giveBack(db: Queries, held: Held): Promise<void> {
  const [free] = await db
    .update(tasks)
    .set({ holder: null, leaseUntil: null })
    .where(isHeld(held))
    .returning({ connectorId: tasks.connectorId });
  if (free) await hintTasks(db, free.connectorId);
}

/** A task without a run: an import of the catalog, a release, a power task. */
async function lockTask(tx: Queries, held: Held): Promise<TaskHead> {
  const [task] = await tx.select(TASK_HEAD).from(tasks).where(isHeld(held)).for('update');
  if (!task) throw faultError('lease-lost');
  return task;
}
