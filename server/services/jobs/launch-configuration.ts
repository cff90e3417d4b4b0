// The launch configuration of a job: saved from the wizard, cleared, read by every launch.

import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { replicationJobs } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import {
  type LaunchConfiguration,
  launchConfigurationSchema,
} from '../../../replication/model/launch-configuration.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';
import { lockJob } from './lock.ts';

export const launchConfigurationInput = z.object({
  jobId: z.string(),
  configuration: launchConfigurationSchema.nullable(),
});

/** Sets it, or clears it with null. */
export async function setLaunchConfiguration(
  ctx: ServiceContext,
  input: z.input<typeof launchConfigurationInput>,
): Promise<void> {
  const workspaceId = guard(ctx, 'job.edit');
  const { jobId, configuration } = parseInput(launchConfigurationInput, input);
  await inTransaction(ctx, workspaceId, (work) => writeLaunchConfiguration(work, workspaceId, jobId, configuration));
}

/** The same within a transaction of the caller, who has asked for the permission. */
export async function writeLaunchConfiguration(
  work: Work,
  workspaceId: WorkspaceId,
  jobId: string,
  configuration: LaunchConfiguration | null,
): Promise<void> {
  const job = await lockJob(work, workspaceId, jobId);
  await work.tx
    .update(replicationJobs)
    .set({ launchConfiguration: configuration })
    .where(eq(replicationJobs.id, jobId));
  work.audit({
    action: configuration ? 'job.launch-configuration' : 'job.launch-configuration-clear',
    subjectKind: 'job',
    subjectId: jobId,
    subjectName: job.serverName,
    before: job.launchConfiguration,
    after: configuration,
  });
  work.event({ topic: 'jobs', subjectId: jobId, kind: 'changed' });
}
