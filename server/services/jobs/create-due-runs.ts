// Runs that the schedule asks for now. The worker's scheduler calls it every second; several may at once.
import { and, asc, eq, isNotNull, isNull, lte, notInArray } from 'drizzle-orm';
import { replicationJobs } from '../../../db/schema/index.ts';
import { nextDue } from '../../../replication/model/schedule.ts';
import { inTransaction, type ProgramContext } from '../context.ts';
import { eachInTurn } from '../each-in-turn.ts';
import { createRun } from '../runs/create.ts';
import { notInCutover } from './held-by-cutover.ts';

const BATCH = 50;

/** Creates the runs that are due; several workers may do this at once. Answers how many were made. */
export async function createDueRuns(ctx: ProgramContext): Promise<number> {
  const now = ctx.now();
  const due = await ctx.db
    .select({ id: replicationJobs.id, workspaceId: replicationJobs.workspaceId })
    .from(replicationJobs)
    .where(and(lte(replicationJobs.nextRunAt, now), isNull(replicationJobs.deletedAt), notInCutover()))
    .orderBy(asc(replicationJobs.nextRunAt))
    .limit(BATCH);
  let made = 0;
  if (due.length === 0) return made;
  await eachInTurn('a run that is due could not be made', due, async ({ id, workspaceId }) => {
    made += await inTransaction(ctx, workspaceId, async (work) => {
      const [job] = await work.tx
        .select()
        .from(replicationJobs)
        .where(
          and(
            eq(replicationJobs.id, id),
            isNotNull(replicationJobs.nextRunAt),
            lte(replicationJobs.nextRunAt, now),
            notInArray(replicationJobs.state, ['deleting', 'deleted', 'paused', 'paused-on-failure']),
            notInCutover(),
          ),
        )
        .for('update', { skipLocked: true });
      if (!job?.nextRunAt) return 0;
      await createRun(work, job, { type: 'automatic', scheduledFor: job.nextRunAt });
      // However late we are, one run is made and the next is the first one still ahead.
      const next = job.everyHours === null ? null : nextDue({ seedAt: job.seedAt, everyHours: job.everyHours }, now);
      await work.tx.update(replicationJobs).set({ nextRunAt: next }).where(eq(replicationJobs.id, job.id));
      return 1;
    });
  });
  return made;
}
