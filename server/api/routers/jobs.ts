// Replication jobs.
import { targetPlace } from '../../services/cloud/target.ts';
import { cutoverOfJob } from '../../services/cutovers/list.ts';
import { candidatesInput, jobCandidates } from '../../services/jobs/candidates.ts';
import { createJobs, createJobsInput } from '../../services/jobs/create.ts';
import { deleteJob } from '../../services/jobs/delete.ts';
import { editJob, editJobInput } from '../../services/jobs/edit.ts';
import { launchConfigurationInput, setLaunchConfiguration } from '../../services/jobs/launch-configuration.ts';
import { getJob, listJobs, someJobs, someJobsInput } from '../../services/jobs/list.ts';
import { pauseJob, resumeJob } from '../../services/jobs/pause.ts';
import { jobInput, startRun, startRunInput } from '../../services/jobs/start-run.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { targetInput } from '../../services/targets/settings.ts';
import { procedure, router } from '../trpc.ts';

export const jobsRouter = router({
  list: procedure('job.read')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listJobs(ctx.service, input)),
  /** For a selection that spans pages of the list. */
  some: procedure('job.read')
    .input(someJobsInput)
    .query(({ ctx, input }) => someJobs(ctx.service, input)),
  get: procedure('job.read')
    .input(jobInput)
    .query(async ({ ctx, input }) => ({
      ...(await getJob(ctx.service, input.jobId)),
      /** The one that is open, else the newest. */
      cutover: await cutoverOfJob(ctx.service, input.jobId),
    })),
  /** For the wizard: the chosen servers, each with the reason why it cannot have a job. */
  candidates: procedure('server.read')
    .input(candidatesInput)
    .query(({ ctx, input }) => jobCandidates(ctx.service, input)),
  /** For the review: the account, Region and bucket that jobs replicate into. */
  target: procedure('target.read')
    .input(targetInput)
    .query(({ ctx, input }) => targetPlace(ctx.service, input)),
  create: procedure('job.create')
    .input(createJobsInput)
    .mutation(({ ctx, input }) => createJobs(ctx.service, input)),
  startRun: procedure('run.start')
    .input(startRunInput)
    .mutation(({ ctx, input }) => startRun(ctx.service, input)),
  edit: procedure('job.edit')
    .input(editJobInput)
    .mutation(({ ctx, input }) => editJob(ctx.service, input)),
  pause: procedure('job.pause')
    .input(jobInput)
    .mutation(({ ctx, input }) => pauseJob(ctx.service, input)),
  resume: procedure('job.pause')
    .input(jobInput)
    .mutation(({ ctx, input }) => resumeJob(ctx.service, input)),
  setLaunchConfiguration: procedure('job.edit')
    .input(launchConfigurationInput)
    .mutation(({ ctx, input }) => setLaunchConfiguration(ctx.service, input)),
  delete: procedure('job.delete')
    .input(jobInput)
    .mutation(({ ctx, input }) => deleteJob(ctx.service, input)),
});
