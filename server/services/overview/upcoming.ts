// The runs of the next 24 hours as the schedules say. Pure.

export const HOURS = 24;
const HOUR_MS = 3_600_000;

export interface Scheduled {
  jobId: string;
  serverName: string;
  nextRunAt: Date;
  /** Hours between runs; null runs once. */
  everyHours: number | null;
}

export interface Upcoming {
  total: number;
  /** Runs in each of the next 24 hours, the first beginning now. */
  perHour: number[];
  /** The first of them. */
  next: { jobId: string; serverName: string; at: Date; everyHours: number | null }[];
}

/** A run that is overdue counts as due now. `shown` limits the list, not the counts. */
export function upcomingRuns(jobs: readonly Scheduled[], now: Date, shown: number): Upcoming {
  const perHour = new Array<number>(HOURS).fill(0);
  for (const job of jobs) {
    for (const at of occurrences(job, now)) {
      const hour = Math.max(0, Math.floor((at - now.getTime()) / HOUR_MS));
      perHour[hour] = (perHour[hour] ?? 0) + 1;
    }
  }
  // The first runs of all belong to jobs that are among the first themselves.
  const first = [...jobs].sort((a, b) => a.nextRunAt.getTime() - b.nextRunAt.getTime()).slice(0, shown);
  const next = first
    .flatMap((job) =>
      occurrences(job, now).map((at) => ({
        jobId: job.jobId,
        serverName: job.serverName,
        at: new Date(at),
        everyHours: job.everyHours,
      })),
    )
    .sort((a, b) => a.at.getTime() - b.at.getTime() || a.serverName.localeCompare(b.serverName))
    .slice(0, shown);
  return { total: perHour.reduce((sum, count) => sum + count, 0), perHour, next };
}

function occurrences(job: Scheduled, now: Date): number[] {
  const until = now.getTime() + HOURS * HOUR_MS;
  const times: number[] = [];
  const step = job.everyHours === null ? Number.POSITIVE_INFINITY : job.everyHours * HOUR_MS;
  for (let at = job.nextRunAt.getTime(); at < until; at += step) {
    // Runs that were due while nobody was there are made up for by one.
    if (at + step > now.getTime()) times.push(Math.max(at, now.getTime()));
  }
  return times;
}
