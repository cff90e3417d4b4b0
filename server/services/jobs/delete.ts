// Deleting a replication job: no further runs, staged data goes, the AMIs stay (as in SMS).

import { and, eq } from 'drizzle-orm';
import { replicationJobs, replicationRuns, runLog } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { nudgeRun } from '../../queue/queue.ts';
import { dropBaselines } from '../baselines/baselines.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';
import { openRun } from '../runs/create.ts';
import { refuseDuringCutover } from './held-by-cutover.ts';
import { type JobInput, jobInput } from './start-run.ts';

/** An active run is cancelled first; the job is deleted when it has ended. One that is deleted already is fine. */
export async function deleteJob(ctx: ServiceContext, input: JobInput): Promise<{ deleted: 'now' | 'after-run' }> {
  const workspaceId = guard(ctx, 'job.delete');
  const { jobId } = parseInput(jobInput, input);
  return inTransaction(ctx, workspaceId, async (work) => {
    await refuseUnknown(work, workspaceId, jobId);
    await refuseDuringCutover(work.tx, jobId, 'any');
    return removeJob(ctx, work, workspaceId, jobId);
  });
}

/** Before anything is said about a job, or locked for it: one of another workspace is as good as none. */
async function refuseUnknown({ tx }: Work, workspaceId: WorkspaceId, jobId: string): Promise<void> {
  const [job] = await tx
    .select({ id: replicationJobs.id })
    .from(replicationJobs)
    .where(and(eq(replicationJobs.id, jobId), eq(replicationJobs.workspaceId, workspaceId)));
  if (!job) throw faultError('not-found', { message: `There is no replication job ${jobId}.` });
}

/** The same within somebody else's transaction. */
export async function removeJob(
  ctx: ServiceContext,
  work: Work,
  workspaceId: WorkspaceId,
  jobId: string,
): Promise<{ deleted: 'now' | 'after-run' }> {
  const { tx, audit, event } = work;
  await refuseUnknown(work, workspaceId, jobId);
  // Runs are locked before jobs everywhere (services/runs/advance.ts).
  const found = await openRun(work, jobId);
  const [locked] = found
    ? await tx.select().from(replicationRuns).where(eq(replicationRuns.id, found.id)).for('update')
    : [];
  const [job] = await tx
    .select()
    .from(replicationJobs)
    .where(and(eq(replicationJobs.id, jobId), eq(replicationJobs.workspaceId, workspaceId)))
    .for('update');
  if (!job) throw faultError('not-found', { message: `There is no replication job ${jobId}.` });
  // Somebody else was quicker, or the answer to a first try was lost.
  if (job.deletedAt) return { deleted: 'now' };
  const run = locked && (locked.state === 'pending' || locked.state === 'active') ? locked : null;
  audit({ action: 'job.delete', subjectKind: 'job', subjectId: job.id, subjectName: job.serverName });
  event({ topic: 'jobs', subjectId: job.id, kind: 'changed' });
  event({ topic: 'servers', subjectId: null, kind: 'changed' });
  if (!run) {
    await tx
      .update(replicationJobs)
      .set({ state: 'deleted', deletedAt: ctx.now(), nextRunAt: null })
      .where(eq(replicationJobs.id, jobId));
    await dropBaselines(work, jobId);
    return { deleted: 'now' };
  }
  await tx.update(replicationJobs).set({ state: 'deleting', nextRunAt: null }).where(eq(replicationJobs.id, jobId));
  if (!run.cancelRequestedAt) {
    await tx.update(replicationRuns).set({ cancelRequestedAt: ctx.now() }).where(eq(replicationRuns.id, run.id));
    await tx.insert(runLog).values({
      runId: run.id,
      at: ctx.now(),
      level: 'warning',
      text: 'The job is being deleted; its run is cancelled.',
    });
  }
  await nudgeRun(tx, run.id);
  event({ topic: 'runs', subjectId: run.id, kind: 'changed', data: { jobId } });
  return { deleted: 'after-run' };
}
