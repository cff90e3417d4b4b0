// The settings of replication jobs as form fields, and their rules; for creating and for editing. Pure.
import { z } from 'zod';
import { type JobSettings, jobSettingsSchema } from '../../../replication/model/job.ts';
import { chosenTime } from '../../_forms/chosen-time.ts';
import { issueText } from '../../_forms/issue-text.ts';
import { wholeNumber } from '../../_forms/whole-number.ts';

export const settingsDraftSchema = z.object({
  kind: z.enum(['scheduled', 'once']),
  everyHours: z.string(),
  /** Creating: at once or at the time below. Editing: as the schedule says, or at the time below. */
  start: z.enum(['now', 'later']),
  date: z.string(),
  time: z.string(),
  description: z.string(),
  prune: z.boolean(),
  keepImages: z.string(),
  /** `target`: as the AWS target's settings say. */
  verification: z.enum(['target', 'sampled', 'full']),
  pause: z.boolean(),
  pauseAfterFailures: z.string(),
});
export type SettingsDraft = z.infer<typeof settingsDraftSchema>;

export const NEW_SETTINGS: SettingsDraft = {
  kind: 'scheduled',
  everyHours: '12',
  start: 'now',
  date: '',
  time: '',
  description: '',
  prune: false,
  keepImages: '10',
  verification: 'target',
  pause: true,
  pauseAfterFailures: '3',
};

/** The settings of a job as a draft; what it lacks gets the number of a new job. */
export function draftOfJob(
  job: Pick<JobSettings, 'everyHours' | 'description' | 'keepImages' | 'verification' | 'pauseAfterFailures'>,
): SettingsDraft {
  return {
    ...NEW_SETTINGS,
    kind: job.everyHours === null ? 'once' : 'scheduled',
    everyHours: String(job.everyHours ?? NEW_SETTINGS.everyHours),
    description: job.description,
    prune: job.keepImages !== null,
    keepImages: String(job.keepImages ?? NEW_SETTINGS.keepImages),
    verification: job.verification ?? 'target',
    pause: job.pauseAfterFailures !== null,
    pauseAfterFailures: String(job.pauseAfterFailures ?? NEW_SETTINGS.pauseAfterFailures),
  };
}

export type SettingsProblems = Partial<
  Record<'everyHours' | 'date' | 'time' | 'description' | 'keepImages' | 'pauseAfterFailures', string>
>;

/** The settings as the server takes them, or what is wrong with each field. `seedAt` is the chosen time, null without one. */
export function settingsOf(
  draft: SettingsDraft,
  zone: string,
  now: Date,
): { settings: JobSettings; problems?: never } | { settings?: never; problems: SettingsProblems } {
  const chosen = draft.start === 'later' ? chosenTime(draft, zone, now) : { at: null, problems: {} };
  const seedAt = chosen.at;
  const problems: SettingsProblems = { ...chosen.problems };
  const scheduled = draft.kind === 'scheduled';
  const parsed = jobSettingsSchema.safeParse({
    everyHours: scheduled ? wholeNumber(draft.everyHours) : null,
    seedAt,
    description: draft.description,
    keepImages: draft.prune ? wholeNumber(draft.keepImages) : null,
    verification: draft.verification === 'target' ? null : draft.verification,
    // A single run cannot fail twice in a row; whatever stands there is kept for a schedule.
    pauseAfterFailures: draft.pause ? (scheduled ? wholeNumber(draft.pauseAfterFailures) : kept(draft)) : null,
  });
  for (const issue of parsed.error?.issues ?? []) {
    const field = String(issue.path[0]) as keyof SettingsProblems;
    problems[field] ??= issueText(issue);
  }
  if (parsed.success && Object.keys(problems).length === 0) return { settings: parsed.data };
  return { problems };
}

/** The number of a hidden field, or a new job's if it holds none. */
function kept({ pauseAfterFailures }: SettingsDraft): number {
  const number = wholeNumber(pauseAfterFailures);
  return number >= 1 && number <= 20 ? number : Number(NEW_SETTINGS.pauseAfterFailures);
}
