// What a person has chosen in the wizard so far: its shape, its rules, and how it lasts over a reload. Pure but for the storage.
import { z } from 'zod';
import {
  allowedLicenses,
  type ImageMethod,
  imageMethodSchema,
  type JobSettings,
  jobSettingsSchema,
  type License,
  licenseSchema,
  MAX_SEED_DAYS,
  seedTimeProblem,
} from '../../../../replication/model/job.ts';
import type { CatalogServer } from '../../../../replication/model/server.ts';
import { instantIn } from './zoned-time.ts';

type Family = CatalogServer['guestFamily'];

export const draftSchema = z.object({
  /** Chosen servers in the order of choosing. */
  serverIds: z.array(z.string()),
  /** What differs from Auto, by server. */
  licenses: z.record(z.string(), licenseSchema),
  imageMethods: z.record(z.string(), imageMethodSchema),
  kind: z.enum(['scheduled', 'once']),
  everyHours: z.string(),
  start: z.enum(['now', 'later']),
  date: z.string(),
  time: z.string(),
  description: z.string(),
  prune: z.boolean(),
  keepImages: z.string(),
});
export type Draft = z.infer<typeof draftSchema>;

export function newDraft(serverIds: string[]): Draft {
  return {
    serverIds,
    licenses: {},
    imageMethods: {},
    kind: 'scheduled',
    everyHours: '12',
    start: 'now',
    date: '',
    time: '',
    description: '',
    prune: false,
    keepImages: '10',
  };
}

export type Problems = Partial<
  Record<'serverIds' | 'everyHours' | 'date' | 'time' | 'description' | 'keepImages', string>
>;

/** The settings of step 3 as the server takes them, or what is wrong with each field. */
export function settingsOf(
  draft: Draft,
  zone: string,
  now: Date,
): { settings: JobSettings; problems?: never } | { settings?: never; problems: Problems } {
  const problems: Problems = {};
  const seedAt = draft.start === 'later' ? instantIn(zone, draft.date, draft.time) : null;
  if (draft.start === 'later') {
    if (!draft.date) problems.date = 'Choose a day.';
    else if (!seedAt && instantIn('UTC', draft.date, '00:00') === null) problems.date = 'Write the day as YYYY/MM/DD.';
    if (!draft.time) problems.time = 'Choose a time.';
    else if (!seedAt && instantIn('UTC', '2026-01-01', draft.time) === null) problems.time = 'Write the time as hh:mm.';
    if (!seedAt && !problems.date && !problems.time) {
      problems.time = `There is no such time on that day: the clocks in ${zone} leap over it.`;
    }
    const refused = seedTimeProblem(seedAt, now);
    if (refused && seedAt) problems[seedAt > now ? 'date' : 'time'] = refused;
  }
  const parsed = jobSettingsSchema.safeParse({
    everyHours: draft.kind === 'once' ? null : wholeNumber(draft.everyHours),
    seedAt,
    description: draft.description,
    keepImages: draft.prune ? wholeNumber(draft.keepImages) : null,
  });
  for (const issue of parsed.error?.issues ?? []) {
    const field = String(issue.path[0]) as keyof Problems;
    problems[field] ??= issue.code === 'invalid_type' ? 'Enter a whole number.' : `${issue.message}.`;
  }
  if (parsed.success && Object.keys(problems).length === 0) return { settings: parsed.data };
  return { problems };
}

/** Digits only: `Number` would take `1e1`, spaces and nothing at all. */
function wholeNumber(text: string): number {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
}

export const licenseOf = (draft: Pick<Draft, 'licenses'>, server: { id: string; guestFamily: Family }): License => {
  const chosen = draft.licenses[server.id] ?? 'auto';
  return allowedLicenses(server.guestFamily).includes(chosen) ? chosen : 'auto';
};

export const isWindows = (family: Family): boolean => family === 'windows-server' || family === 'windows-client';

/** Windows takes VM Import whatever was chosen; that is Auto to the server. */
export const imageMethodOf = (
  draft: Pick<Draft, 'imageMethods'>,
  server: { id: string; guestFamily: Family },
): ImageMethod => (isWindows(server.guestFamily) ? 'auto' : (draft.imageMethods[server.id] ?? 'auto'));

/** Whether a person would lose anything by leaving. */
export function isTouched(draft: Draft): boolean {
  return JSON.stringify(draft) !== JSON.stringify(newDraft([]));
}

export const MAX_DAYS = MAX_SEED_DAYS;

const KEY = 'landfall.create-replication-job';

/** Keeps the draft for this tab: a reload, or Back from another page, finds it again. */
export function keepDraft(draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // No storage, or it is full: the wizard works on, a reload starts anew.
  }
}

export function forgetDraft(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept then.
  }
}

/** What was kept; null when there is nothing, or nothing that this version understands. */
export function keptDraft(): Draft | null {
  try {
    const parsed = draftSchema.safeParse(JSON.parse(sessionStorage.getItem(KEY) ?? 'null'));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
