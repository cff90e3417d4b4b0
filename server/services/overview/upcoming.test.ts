import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstRuns, runsPerHour, type Scheduled, type ScheduledInHour } from './upcoming.ts';

const HOUR_MS = 3_600_000;
const now = new Date('2026-03-01T12:40:00Z');
const thisHour = new Date('2026-03-01T12:00:00Z').getTime();
const at = (hours: number) => new Date(thisHour + hours * HOUR_MS);
const job = (name: string, hours: number, everyHours: number | null): Scheduled => ({
  jobId: `job-${name}`,
  serverName: name,
  nextRunAt: at(hours),
  everyHours,
});

/** As the tallies have them. */
const byHour = (jobs: readonly Scheduled[]): ScheduledInHour[] =>
  jobs.map(({ nextRunAt, everyHours }) => ({
    hour: Math.floor(nextRunAt.getTime() / HOUR_MS) * HOUR_MS,
    everyHours,
    count: 1,
  }));
const counts = (jobs: readonly Scheduled[]) => runsPerHour(byHour(jobs), now).map(({ count }) => count);
const total = (jobs: readonly Scheduled[]) => counts(jobs).reduce((sum, count) => sum + count, 0);

describe('the runs of this hour and the 23 after it', () => {
  it('counts every run of a schedule in its hour, and a single run once', () => {
    const jobs = [job('web', 0.9, 12), job('mail', 2.1, null)];
    const hours = runsPerHour(byHour(jobs), now);
    expect(hours).toHaveLength(24);
    expect(hours.flatMap(({ from, count }) => (count > 0 ? [[from, count]] : []))).toEqual([
      [at(0), 1],
      [at(2), 1],
      [at(12), 1],
    ]);
    expect(firstRuns(jobs, now, 10).map((run) => [run.serverName, run.at])).toEqual([
      ['web', at(0.9)],
      ['mail', at(2.1)],
      ['web', at(12.9)],
    ]);
  });

  it('counts all schedules of a bucket', () => {
    expect(runsPerHour([{ hour: thisHour, everyHours: 8, count: 700 }], now).map(({ count }) => count)).toEqual(
      Array.from({ length: 24 }, (_, hour) => (hour % 8 === 0 ? 700 : 0)),
    );
  });

  it('leaves out what comes later', () => {
    const jobs = [job('web', 24, null), job('mail', 30, 1)];
    expect(total(jobs)).toBe(0);
    expect(firstRuns(jobs, now, 10)).toEqual([]);
  });

  it('shows an overdue run once, as due now', () => {
    const jobs = [job('web', -50.5, 24), job('old', -3, null), job('late', 0.1, null)];
    expect(counts(jobs)[0]).toBe(3);
    expect(firstRuns(jobs, now, 10).map((run) => [run.serverName, run.at])).toEqual([
      ['late', now],
      ['old', now],
      ['web', now],
      ['web', at(21.5)],
    ]);
  });

  it('makes up for missed runs of an hourly schedule by one, which is that of this hour', () => {
    expect(counts([job('web', -5.2, 1)])).toEqual(new Array(24).fill(1));
  });

  it('lists the first runs of all, however few are shown of however many jobs, and as many as it counts', () => {
    const jobs = fc.array(
      fc.record({
        nextRunAt: fc.integer({ min: -30 * 60, max: 40 * 60 }).map((minutes) => at(minutes / 60)),
        everyHours: fc.option(fc.integer({ min: 1, max: 24 }), { nil: null }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(jobs, fc.integer({ min: 1, max: 8 }), (schedules, shown) => {
        const named = schedules
          .map((one, index) => ({ ...one, jobId: `job-${index}`, serverName: `server-${index}` }))
          .sort((a, b) => a.nextRunAt.getTime() - b.nextRunAt.getTime());
        const all = firstRuns(named, now, 1000);
        const perHour = new Array<number>(24).fill(0);
        for (const run of all) {
          const hour = Math.floor((run.at.getTime() - thisHour) / HOUR_MS);
          perHour[hour] = (perHour[hour] ?? 0) + 1;
        }
        expect(counts(named)).toEqual(perHour);
        const few = firstRuns(named.slice(0, shown), now, shown);
        expect(few.map((run) => run.at)).toEqual(all.slice(0, shown).map((run) => run.at));
      }),
    );
  });
});
