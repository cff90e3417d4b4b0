// What a person has chosen of the settings of replication jobs, and its rules; for creating and for editing. Pure.
import { z } from 'zod';
import { type JobSettings, jobSettingsSchema, MAX_SEED_DAYS, seedTimeProblem } from '../../../replication/model/job.ts';
import { instantIn } from './zoned-time.ts';

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

/** The settings of a job as a draft; what it does not have keeps the number that a new one would begin with. */
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
    problems[field] ??= issue.code === 'invalid_type' ? 'Enter a whole number.' : `${issue.message}.`;
  }
  if (parsed.success && Object.keys(problems).length === 0) return { settings: parsed.data };
  return { problems };
}

/** A day and a time of the zone as an instant, at most 30 days ahead, or what is wrong with either. */
export function chosenTime(
  { date, time }: Pick<SettingsDraft, 'date' | 'time'>,
  zone: string,
  now: Date,
): { at: Date | null; problems: { date?: string; time?: string } } {
  const problems: { date?: string; time?: string } = {};
  const at = instantIn(zone, date, time);
  if (!date) problems.date = 'Choose a day.';
  else if (!at && instantIn('UTC', date, '00:00') === null) problems.date = 'Write the day as YYYY/MM/DD.';
  if (!time) problems.time = 'Choose a time.';
  else if (!at && instantIn('UTC', '2026-01-01', time) === null) problems.time = 'Write the time as hh:mm.';
  if (!at && !problems.date && !problems.time) {
    problems.time = `There is no such time on that day: the clocks in ${zone} leap over it.`;
  }
  const refused = seedTimeProblem(at, now);
  if (refused && at) problems[at > now ? 'date' : 'time'] = refused;
  return { at, problems };
}

/** The number of an unseen field, or a new job's where that makes none. */
function kept({ pauseAfterFailures }: SettingsDraft): number {
  const number = wholeNumber(pauseAfterFailures);
  return number >= 1 && number <= 20 ? number : Number(NEW_SETTINGS.pauseAfterFailures);
}

/** Digits only: `Number` would take `1e1`, spaces and nothing at all. */
export function wholeNumber(text: string): number {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
}

export const MAX_DAYS = MAX_SEED_DAYS;
