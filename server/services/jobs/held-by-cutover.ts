// Whether a job has a cutover that is not over: then it is not its own to change.
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { cutovers, replicationJobs } from '../../../db/schema/index.ts';
import { holdsJob } from '../../../replication/model/cutover.ts';
import { faultError } from '../../../replication/model/fault.ts';

export async function openCutover(tx: Pick<Queries, 'select'>, jobId: string) {
  const [row] = await tx
    .select({ id: cutovers.id, state: cutovers.state, startAt: cutovers.startAt })
    .from(cutovers)
    .where(and(eq(cutovers.jobId, jobId), inArray(cutovers.state, ['planned', 'active', 'cut-over', 'rolling-back'])));
  return row ?? null;
}

/** Jobs that no cutover has to itself: the schedule of the others rests, and goes on after a roll-back. */
export function notInCutover(): SQL {
  return sql`not exists (select 1 from cutovers c where c.job_id = ${replicationJobs.id} and c.state in ('active', 'cut-over', 'rolling-back'))`;
}

/** @throws `conflict` while a cutover has the job to itself (`started`), or while any is not over (`any`) */
export async function refuseDuringCutover(
  tx: Pick<Queries, 'select'>,
  jobId: string,
  which: 'started' | 'any',
): Promise<void> {
  const open = await openCutover(tx, jobId);
  if (!open || (which === 'started' && !holdsJob(open.state))) return;
  throw faultError('conflict', {
    message: `The cutover ${open.id} of this job is not over.`,
    remedy: 'Finish the cutover, roll it back or cancel it first.',
  });
}
