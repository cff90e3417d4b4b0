// Pausing and resuming a job: its schedule rests, what is running goes on, and everything that was set stays.
import { eq } from 'drizzle-orm';
import { replicationJobs } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { isPaused } from '../../../replication/model/job.ts';
import { nextDue } from '../../../replication/model/schedule.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { openRun } from '../runs/create.ts';
import { lockJob } from './lock.ts';
import { type JobInput, jobInput } from './start-run.ts';

export async function pauseJob(ctx: ServiceContext, input: JobInput): Promise<void> {
  const workspaceId = guard(ctx, 'job.pause');
  const { jobId } = parseInput(jobInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const job = await lockJob(work, workspaceId, jobId);
    if (isPaused(job.state)) return;
    if (job.everyHours === null && job.nextRunAt === null) {
      throw faultError('conflict', {
        message: `${job.serverName} has no further runs: its job runs once.`,
        remedy: 'There is nothing to pause. To stop a run under way, cancel it.',
      });
    }
    await work.tx
      .update(replicationJobs)
      .set({ state: 'paused', nextRunAt: null, pausedAt: ctx.now() })
      .where(eq(replicationJobs.id, jobId));
    work.audit({ action: 'job.pause', subjectKind: 'job', subjectId: jobId, subjectName: job.serverName });
    work.event({ topic: 'jobs', subjectId: jobId, kind: 'changed' });
  });
}

/** The schedule goes on with the first time that is still ahead; runs missed meanwhile are not made up for. */
export async function resumeJob(ctx: ServiceContext, input: JobInput): Promise<void> {
  const workspaceId = guard(ctx, 'job.pause');
  const { jobId } = parseInput(jobInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const job = await lockJob(work, workspaceId, jobId);
    if (!isPaused(job.state)) return;
    const going = await openRun(work, jobId);
    await work.tx
      .update(replicationJobs)
      .set({
        state: going?.state === 'active' || job.latestImageId ? 'active' : 'pending',
        statusMessage: null,
        failuresInRow: 0,
        pausedAt: null,
        nextRunAt: nextDue(job, ctx.now()),
      })
      .where(eq(replicationJobs.id, jobId));
    work.audit({ action: 'job.resume', subjectKind: 'job', subjectId: jobId, subjectName: job.serverName });
    work.event({ topic: 'jobs', subjectId: jobId, kind: 'changed' });
  });
}
