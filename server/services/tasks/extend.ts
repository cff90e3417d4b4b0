// Keeping a lease: with it go progress and what the holder says, and back comes whether to go on.

import { eq, sql } from 'drizzle-orm';
import { replicationRuns, runLog, tasks } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { FaultError } from '../../../replication/model/fault.ts';
import { runPercent } from '../../../replication/model/itinerary.ts';
import { waitsFor } from '../../../replication/model/run.ts';
import type { StepProgress } from '../../../replication/model/step-results.ts';
import type { LogLine } from '../../../replication/wire/gateway.ts';
import { inTransaction, type ProgramContext, type Work } from '../context.ts';
import { logForCutover } from '../cutovers/power.ts';
import { type Held, lockHeld, type TaskHead } from '../leases/lease.ts';

export interface Extension {
  go: boolean;
  reason: string | null;
}

/** What a holder has to tell since it extended last. */
export interface News {
  progress?: StepProgress | undefined;
  /** What the work waits for just now; null when it goes on again. */
  waitingFor?: string | null | undefined;
  lines?: readonly LogLine[];
}

/**
 * Extends the lease and writes down the news, both or nothing. A cancelled run says `go: false` while its holder keeps
 * the lease to clean up.
 */
export async function extendTask(
  ctx: ProgramContext,
  workspaceId: WorkspaceId,
  held: Held,
  leaseSeconds: number,
  { progress, waitingFor, lines = [] }: News = {},
): Promise<Extension> {
  try {
    return await inTransaction(ctx, workspaceId, async (work) => {
      const { task, run } = await lockHeld(work.tx, held);
      const percent =
        run && task.stepId && progress ? Math.max(run.percent, runPercent(task.stepId, progress.fraction)) : null;
      // Further than anybody before: whoever was lost on the way here is forgotten.
      const isFurther = run !== null && percent !== null && percent > run.percent;
      await work.tx
        .update(tasks)
        .set({ leaseUntil: sql`now() + make_interval(secs => ${leaseSeconds})`, ...(isFurther && { losses: 0 }) })
        .where(eq(tasks.id, task.id));
      await writeLines(work, task, lines);
      if (!run || !task.stepId) return { go: true, reason: null };
      if (progress && percent !== null) {
        await work.tx.update(replicationRuns).set({ progress, percent }).where(eq(replicationRuns.id, run.id));
      }
      if (waitingFor !== undefined) {
        await work.tx.update(replicationRuns).set(waitsFor(waitingFor)).where(eq(replicationRuns.id, run.id));
        work.event({ topic: 'runs', subjectId: run.id, kind: 'changed', data: { jobId: run.jobId } });
      } else if (progress || lines.length > 0)
        work.event({ topic: 'runs', subjectId: run.id, kind: 'progress', data: { jobId: run.jobId } });
      return run.cancelRequestedAt ? { go: false, reason: 'cancelled' } : { go: true, reason: null };
    });
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'lease-lost') return { go: false, reason: 'taken over' };
    throw error;
  }
}

/** What a holder says, in the log of its run or of its cutover. */
export async function writeLines(work: Work, task: TaskHead, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) return;
  const { runId, stepId, cutoverId } = task;
  if (cutoverId) await logForCutover(work, cutoverId, lines);
  if (!runId || !stepId) return;
  await work.tx
    .insert(runLog)
    .values(lines.map(({ at, ...line }) => ({ ...line, runId, at: new Date(at), step: stepId })));
}

/** Keeps how far a holder got. Whoever was lost on the way here is forgotten. */
export async function checkpointTask(
  ctx: ProgramContext,
  workspaceId: WorkspaceId,
  held: Held,
  checkpoint: unknown,
): Promise<void> {
  await inTransaction(ctx, workspaceId, async ({ tx }) => {
    const { task } = await lockHeld(tx, held);
    await tx.update(tasks).set({ checkpoint, losses: 0 }).where(eq(tasks.id, task.id));
  });
}
