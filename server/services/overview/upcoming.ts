// The runs of the next day as the schedules say, by the hours of the clock: what is left of this one, and the 23 after it.
// Pure.

const HOURS = 24;
const HOUR_MS = 3_600_000;

export interface Scheduled {
  jobId: string;
  serverName: string;
  nextRunAt: Date;
  /** Hours between runs; null runs once. */
  everyHours: number | null;
}

/** Schedules whose next run falls into the same hour of the clock. */
export interface ScheduledInHour {
  /** When the hour begins, in milliseconds. */
  hour: number;
  everyHours: number | null;
  count: number;
}

export interface UpcomingRun {
  jobId: string;
  serverName: string;
  at: Date;
  everyHours: number | null;
}

/** The end of the last hour that is shown. */
export function endOfDay(now: Date): Date {
  return new Date(hourOf(now.getTime()) + HOURS * HOUR_MS);
}

/**
 * Runs in each of the hours, this one first. What is overdue counts as due now. A schedule counts once in an hour: runs
 * that were due while nobody was there are made up for by one.
 */
export function runsPerHour(schedules: readonly ScheduledInHour[], now: Date): { from: Date; count: number }[] {
  const first = hourOf(now.getTime());
  const hours = Array.from({ length: HOURS }, (_, at) => ({ from: new Date(first + at * HOUR_MS), count: 0 }));
  for (const { hour, everyHours, count } of schedules) {
    for (const at of occurrences(hour, everyHours, first)) {
      const shown = hours[(at - first) / HOUR_MS];
      if (shown) shown.count += count;
    }
  }
  return hours;
}

/** The first `most` runs. `jobs` are the first by their next run, at least so many. */
export function firstRuns(jobs: readonly Scheduled[], now: Date, most: number): UpcomingRun[] {
  const first = hourOf(now.getTime());
  return jobs
    .flatMap(({ nextRunAt, ...job }) =>
      occurrences(nextRunAt.getTime(), job.everyHours, first).map((at) => ({
        ...job,
        at: new Date(Math.max(at, now.getTime())),
      })),
    )
    .sort((a, b) => a.at.getTime() - b.at.getTime() || a.serverName.localeCompare(b.serverName))
    .slice(0, most);
}

/** Times from `first` until a day later; one that lies before `first` stands for all that were missed, at `first`. */
function occurrences(next: number, everyHours: number | null, first: number): number[] {
  const until = first + HOURS * HOUR_MS;
  const step = everyHours === null ? Number.POSITIVE_INFINITY : everyHours * HOUR_MS;
  const times = next < first ? [first] : [];
  for (let at = next; at < until; at += step) {
    // In the hour of what is made up for, none beside it.
    if (at >= (next < first ? first + HOUR_MS : first)) times.push(at);
  }
  return times;
}

const hourOf = (at: number) => Math.floor(at / HOUR_MS) * HOUR_MS;
