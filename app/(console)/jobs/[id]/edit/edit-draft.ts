// What a person changes about one job: its shape, and what becomes of the next run. Pure.
import {
  type ImageMethod,
  isPaused,
  type JobSettings,
  type JobState,
  type License,
} from '../../../../../replication/model/job.ts';
import { exactTime } from '../../../../_ui/relative-time.ts';
import { draftOfJob, type SettingsDraft } from '../../settings-draft.ts';

type Stored = Pick<JobSettings, 'everyHours' | 'description' | 'keepImages' | 'verification' | 'pauseAfterFailures'>;

export type EditDraft = SettingsDraft & { license: License; imageMethod: ImageMethod };

export const editDraftOf = (job: Stored & Pick<EditDraft, 'license' | 'imageMethod'>): EditDraft => ({
  ...draftOfJob(job),
  license: job.license,
  imageMethod: job.imageMethod,
});

export const differ = (a: EditDraft, b: EditDraft): boolean =>
  (Object.keys(a) as (keyof EditDraft)[]).some((field) => a[field] !== b[field]);

/** When the next run is due if no time is chosen, as a sentence. `everyHours` is undefined while it is no number. */
export function asScheduled(
  job: { state: JobState; everyHours: number | null; nextRunAt: Date | null },
  everyHours: number | null | undefined,
  zone: string,
): string {
  if (isPaused(job.state)) return 'The job is paused: its schedule continues when you resume it.';
  if (everyHours === undefined || everyHours === job.everyHours) {
    return job.nextRunAt
      ? `As it stands, ${exactTime(job.nextRunAt, zone)}.`
      : 'As it stands, never: the job has run once.';
  }
  if (everyHours === null) return 'No further run starts by itself.';
  return `The interval counts from now: the next run starts in ${everyHours === 1 ? 'an hour' : `${everyHours} hours`}.`;
}
