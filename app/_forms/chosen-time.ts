// A day and a time as they stand in a form. Pure.
import { MAX_SEED_DAYS, seedTimeProblem } from '../../replication/model/job.ts';
import { instantIn } from './zoned-time.ts';

export const MAX_DAYS = MAX_SEED_DAYS;

/** `2026-11-22` and `14:05`, or whatever was typed. */
export interface StartTimeDraft {
  date: string;
  time: string;
}

/** A day and a time of the zone as an instant, at most 30 days ahead, or what is wrong with either. */
export function chosenTime(
  { date, time }: StartTimeDraft,
  zone: string,
  now: Date,
): { at: Date | null; problems: Partial<StartTimeDraft> } {
  const problems: Partial<StartTimeDraft> = {};
  const at = instantIn(zone, date, time);
  if (!date) problems.date = 'Choose a day.';
  else if (!at && instantIn('UTC', date, '00:00') === null) problems.date = 'Write the day as YYYY/MM/DD.';
  if (!time) problems.time = 'Choose a time.';
  else if (!at && instantIn('UTC', '2026-01-01', time) === null) problems.time = 'Write the time as hh:mm.';
  if (!at && !problems.date && !problems.time) {
    problems.time = `There is no such time on that day: the clocks in ${zone} skip it.`;
  }
  const refused = seedTimeProblem(at, now);
  if (refused && at) problems[at > now ? 'date' : 'time'] = refused;
  return { at, problems };
}
