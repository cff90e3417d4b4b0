// What can be done with a job as it is now, or why it cannot. The server has the last word. Pure.
import type { Job } from './job-columns.tsx';

type JobState = Pick<Job, 'state' | 'run'>;

/** The run that is pending or active. */
export function openRunOf({ run }: JobState): NonNullable<Job['run']> | null {
  return run && (run.status.state === 'pending' || run.status.state === 'active') ? run : null;
}

export const isDeleting = ({ state }: JobState): boolean => state === 'deleting' || state === 'deleted';

export function whyNotStart(job: JobState): string | null {
  if (isDeleting(job)) return 'The job is being deleted.';
  const run = openRunOf(job);
  return run ? `A run is ${run.status.state} already.` : null;
}

export function whyNotCancel(job: JobState): string | null {
  const run = openRunOf(job);
  if (!run) return 'No run is pending or active.';
  return run.status.cancelling ? 'The run is being cancelled already.' : null;
}

export function whyNotDelete(job: JobState): string | null {
  return isDeleting(job) ? 'The job is being deleted already.' : null;
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
