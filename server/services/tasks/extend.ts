// Keeping a lease, telling progress, and hearing whether to go on.
import { eq, sql } from 'drizzle-orm';
import { replicationRuns, tasks } from '../../../db/schema/index.ts';
import { FaultError } from '../../../replication/model/fault.ts';
import { runPercent } from '../../../replication/model/itinerary.ts';
import type { StepProgress } from '../../../replication/model/step-results.ts';
import { inTransaction, type ServiceContext } from '../context.ts';
import { type Held, lockHeld } from './held.ts';

export interface Extension {
  go: boolean;
  reason: string | null;
}

/** Extends the lease; a cancelled run says `go: false` while its holder keeps the lease to clean up. */
export async function extendTask(
  ctx: ServiceContext,
  workspaceId: string,
  held: Held,
  leaseSeconds: number,
  progress?: StepProgress,
): Promise<Extension> {
  try {
    return await inTransaction(ctx, workspaceId, async ({ tx, event }) => {
      const { task, run } = await lockHeld(tx, held);
      await tx
        .update(tasks)
        .set({ leaseUntil: sql`now() + make_interval(secs => ${leaseSeconds})` })
        .where(eq(tasks.id, task.id));
      if (!run || !task.stepId) return { go: true, reason: null };
      if (progress) {
        const percent = Math.max(run.percent, runPercent(task.stepId, progress.fraction));
        await tx.update(replicationRuns).set({ progress, percent }).where(eq(replicationRuns.id, run.id));
        event({ topic: 'runs', subjectId: run.id, kind: 'progress', data: { jobId: run.jobId } });
      }
      return run.cancelRequestedAt ? { go: false, reason: 'cancelled' } : { go: true, reason: null };
    });
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'lease-lost') return { go: false, reason: 'taken over' };
    throw error;
  }
}
