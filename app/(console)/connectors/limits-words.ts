// Words for the limits of a connector. Pure.
import { type Bandwidth, bytesPerSecondAt } from '../../../replication/model/bandwidth.ts';
import { formatCount, formatRate, UNKNOWN } from '../../_ui/quantity.ts';

/** As a week is read: Monday first; 0 is Sunday. */
export const DAYS = [
  { day: 1, short: 'Mon', long: 'Monday' },
  { day: 2, short: 'Tue', long: 'Tuesday' },
  { day: 3, short: 'Wed', long: 'Wednesday' },
  { day: 4, short: 'Thu', long: 'Thursday' },
  { day: 5, short: 'Fri', long: 'Friday' },
  { day: 6, short: 'Sat', long: 'Saturday' },
  { day: 0, short: 'Sun', long: 'Sunday' },
] as const;

/** `Mon–Fri`, `Mon, Wed`, `Every day`; three days or more that follow each other are a range. */
export function daysText(days: readonly number[]): string {
  const chosen = DAYS.map(({ day }) => days.includes(day));
  if (chosen.every(Boolean)) return 'Every day';
  const parts: string[] = [];
  for (let at = 0; at < DAYS.length; at += 1) {
    if (!chosen[at]) continue;
    let end = at;
    while (chosen[end + 1]) end += 1;
    const names = DAYS.slice(at, end + 1).map(({ short }) => short);
    parts.push(names.length > 2 ? `${names[0]}–${names.at(-1)}` : names.join(', '));
    at = end;
  }
  return parts.join(', ');
}

/** `50 MiB/s`, `No limit`. */
export const limitText = (limit: number | null): string => (limit === null ? 'No limit' : `${limit} MiB/s`);

/** `Mon–Fri, 08:00–18:00: 10 MiB/s`; over midnight it says so. */
export function hoursText({ days, from, to, limit }: Bandwidth['hours'][number]): string {
  const until = from === to ? `from ${from} for 24 hours` : `${from}–${to}${to < from ? ' of the next day' : ''}`;
  return `${daysText(days)}, ${until}: ${limitText(limit)}`;
}

/** `2 of 4`: how many runs go on, and how many may. */
export const runsText = ({ runs, maxRuns }: { runs: number; maxRuns: number }): string =>
  `${formatCount(runs)} of ${formatCount(maxRuns)}`;

/** `12 MiB/s`, and behind it the limit of this hour where there is one: `12 of 50 MiB/s`. */
export function rateText(
  connector: { checkedAt: Date | null; rateBytesPerSecond: number; bandwidth: Bandwidth | null },
  now: Date,
): string {
  if (!connector.checkedAt) return UNKNOWN;
  const rate = formatRate(connector.rateBytesPerSecond);
  const limit = connector.bandwidth && bytesPerSecondAt(connector.bandwidth, now);
  return limit === null ? rate : `${rate} of ${formatRate(limit)}`;
}
