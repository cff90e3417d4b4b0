// A run on demand. It does not move the schedule.
import { z } from 'zod';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { createRun } from '../runs/create.ts';
import { refuseDuringCutover } from './held-by-cutover.ts';
import { lockJob } from './lock.ts';

export const jobInput = z.object({ jobId: z.string() });
export type JobInput = z.infer<typeof jobInput>;

export const startRunInput = jobInput.extend({
  /** Reads every block back, whatever the settings say. */
  verifyAll: z.boolean().optional(),
});

export async function startRun(ctx: ServiceContext, input: z.infer<typeof startRunInput>): Promise<{ runId: string }> {
  const workspaceId = guard(ctx, 'run.start');
  const { jobId, verifyAll } = parseInput(startRunInput, input);
  return inTransaction(ctx, workspaceId, async (work) => {
    const job = await lockJob(work, workspaceId, jobId);
    await refuseDuringCutover(work.tx, jobId, 'started');
    const { runId } = await createRun(work, job, {
      type: 'on-demand',
      scheduledFor: ctx.now(),
      ...(verifyAll ? { verification: 'full' as const } : {}),
    });
    work.audit({
      action: 'run.start',
      subjectKind: 'job',
      subjectId: job.id,
      subjectName: job.serverName,
      after: { runId },
    });
    return { runId };
  });
}
