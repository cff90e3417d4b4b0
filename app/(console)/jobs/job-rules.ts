// What can be done with a job as it is now, or why it cannot. The server has the last word. Pure.
import { isDeleting, isPaused } from '../../../replication/model/job.ts';
import type { Job } from './types.ts';

type JobState = Pick<Job, 'state' | 'run' | 'everyHours' | 'nextRunAt'>;

/** The run that is pending or active. */
export function openRunOf({ run }: Pick<JobState, 'run'>): NonNullable<Job['run']> | null {
  return run && (run.status.state === 'pending' || run.status.state === 'active') ? run : null;
}

export function whyNotStart(job: JobState): string | null {
  if (isDeleting(job.state)) return 'The job is being deleted.';
  const run = openRunOf(job);
  return run ? `A run is already ${run.status.state}.` : null;
}

export function whyNotCancel(job: JobState): string | null {
  const run = openRunOf(job);
  if (!run) return 'No run is pending or active.';
  return run.status.cancelling ? 'The run is already being cancelled.' : null;
}

export function whyNotDelete(job: JobState): string | null {
  return isDeleting(job.state) ? 'The job is already being deleted.' : null;
}

export function whyNotPause(job: JobState): string | null {
  if (isDeleting(job.state)) return 'The job is being deleted.';
  if (isPaused(job.state)) return 'The job is already paused.';
  return job.everyHours === null && job.nextRunAt === null ? 'The job has no further runs to pause.' : null;
}

export function whyNotResume(job: JobState): string | null {
  if (isDeleting(job.state)) return 'The job is being deleted.';
  return isPaused(job.state) ? null : 'The job is not paused.';
}

/** Of one job; several cannot be edited together. */
export function whyNotEdit(job: JobState): string | null {
  return isDeleting(job.state) ? 'The job is being deleted.' : null;
}

/** Of one job; the plan's checks report other obstacles. If a cutover is open, the action leads to it. */
export function whyNotCutOver(job: JobState): string | null {
  return isDeleting(job.state) ? 'The job is being deleted.' : null;
}

/** Those for which a rule has no objection; when there are none, why. */
export function possible<T extends JobState>(
  jobs: readonly T[],
  rule: (job: JobState) => string | null,
): { jobs: T[]; why: string | null } {
  const able = jobs.filter((job) => rule(job) === null);
  if (able.length > 0) return { jobs: able, why: null };
  const [first] = jobs;
  return { jobs: [], why: first ? rule(first) : 'Select a replication job first.' };
}
