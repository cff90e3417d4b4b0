// The limits of a connector as form fields: their rules, and the conversion to what the server takes and back. Pure.
import { type Bandwidth, bandwidthSchema } from '../../../replication/model/bandwidth.ts';
import { wholeNumber } from '../../_forms/whole-number.ts';

export interface HoursDraft {
  /** Tells rows apart; of this form only. */
  key: number;
  /** 0 is Sunday. */
  days: readonly number[];
  from: string;
  to: string;
  /** MiB a second; empty: no limit. */
  limit: string;
}

export interface LimitsDraft {
  maxRuns: string;
  /** MiB a second; empty: no limit. */
  limit: string;
  hours: readonly HoursDraft[];
  timeZone: string;
}

export interface LimitsProblems {
  maxRuns?: string;
  limit?: string;
  timeZone?: string;
  /** By row. */
  hours: Partial<Record<'days' | 'from' | 'to' | 'limit', string>>[];
}

export const MAX_HOURS = 20;
const WEEKDAYS = [1, 2, 3, 4, 5];

/** Of working hours: what a new row begins with. */
export const newHours = (key: number): HoursDraft => ({ key, days: WEEKDAYS, from: '08:00', to: '18:00', limit: '' });

export function limitsDraftOf(
  connector: { maxRuns: number; bandwidth: Bandwidth | null },
  timeZone: string,
): LimitsDraft {
  const { bandwidth } = connector;
  return {
    maxRuns: String(connector.maxRuns),
    limit: asText(bandwidth?.limit),
    hours: (bandwidth?.hours ?? []).map((row, key) => ({ ...row, key, limit: asText(row.limit) })),
    timeZone: bandwidth?.timeZone ?? timeZone,
  };
}

const asText = (limit: number | null | undefined) => (limit ? String(limit) : '');

/** What the server takes; null bandwidth where nothing is limited at any hour. Or what is wrong with each field. */
export function limitsOf(
  draft: LimitsDraft,
):
  | { limits: { maxRuns: number; bandwidth: Bandwidth | null }; problems?: never }
  | { limits?: never; problems: LimitsProblems } {
  const problems: LimitsProblems = { hours: draft.hours.map(() => ({})) };
  const maxRuns = wholeNumber(draft.maxRuns);
  if (Number.isNaN(maxRuns)) problems.maxRuns = 'Enter a whole number.';
  else if (maxRuns < 1) problems.maxRuns = 'At least 1.';
  else if (maxRuns > 50) problems.maxRuns = 'At most 50.';
  const parsed = bandwidthSchema.safeParse({
    limit: asLimit(draft.limit),
    hours: draft.hours.map(({ days, from, to, limit }) => ({ days, from, to, limit: asLimit(limit) })),
    timeZone: draft.timeZone,
  });
  for (const { path, message, code } of parsed.error?.issues ?? []) {
    const text = code === 'invalid_type' ? 'Enter a number, or nothing for no limit.' : `${message}.`;
    const [field, row, of] = path;
    if (field === 'hours' && typeof row === 'number') {
      const at = problems.hours[row];
      if (at) at[of as keyof typeof at] ??= text;
    } else if (field === 'limit' || field === 'timeZone') problems[field] ??= text;
  }
  if (!parsed.success || problems.maxRuns) return { problems };
  const unlimited = parsed.data.limit === null && parsed.data.hours.every(({ limit }) => limit === null);
  return { limits: { maxRuns, bandwidth: unlimited ? null : parsed.data } };
}

/** A number with a point or a comma; anything else is none. */
function asLimit(text: string): number | null {
  const written = text.trim();
  if (written === '') return null;
  return /^\d{1,9}([.,]\d{1,3})?$/.test(written) ? Number(written.replace(',', '.')) : Number.NaN;
}

export const sameLimits = (a: LimitsDraft, b: LimitsDraft): boolean => JSON.stringify(a) === JSON.stringify(b);
