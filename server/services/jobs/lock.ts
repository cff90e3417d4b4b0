// A job, locked for a change: the first thing that every verb on a job does.

import { and, eq, isNull } from 'drizzle-orm';
import { type JobRow, replicationJobs } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { Work } from '../context.ts';

/** The job, locked for a change. @throws `not-found`, `conflict` while it is being deleted */
export async function lockJob(work: Work, workspaceId: WorkspaceId, jobId: string): Promise<JobRow> {
  const [job] = await work.tx
    .select()
    .from(replicationJobs)
    .where(
      and(
        eq(replicationJobs.id, jobId),
        eq(replicationJobs.workspaceId, workspaceId),
        isNull(replicationJobs.deletedAt),
      ),
    )
    .for('update');
  if (!job) throw faultError('not-found', { message: `There is no replication job ${jobId}.` });
  if (job.state === 'deleting') throw faultError('conflict', { message: 'The job is being deleted.' });
  return job;
}
