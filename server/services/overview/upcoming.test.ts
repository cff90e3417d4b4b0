import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Scheduled, upcomingRuns } from './upcoming.ts';

const now = new Date('2026-03-01T12:00:00Z');
const inHours = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
const job = (name: string, hours: number, everyHours: number | null): Scheduled => ({
  jobId: `job-${name}`,
  serverName: name,
  nextRunAt: inHours(hours),
  everyHours,
});

describe('the next 24 hours', () => {
  it('counts every run of a schedule in its hour, and a single run once', () => {
    const upcoming = upcomingRuns([job('web', 0.5, 12), job('mail', 2.1, null)], now, 10);
    expect(upcoming.total).toBe(3);
    expect(upcoming.perHour.flatMap((count, hour) => (count > 0 ? [[hour, count]] : []))).toEqual([
      [0, 1],
      [2, 1],
      [12, 1],
    ]);
    expect(upcoming.next.map((run) => [run.serverName, run.at])).toEqual([
      ['web', inHours(0.5)],
      ['mail', inHours(2.1)],
      ['web', inHours(12.5)],
    ]);
  });

  it('leaves out what comes later', () => {
    expect(upcomingRuns([job('web', 24, null), job('mail', 30, 1)], now, 10).total).toBe(0);
  });

  it('shows an overdue run once, as due now', () => {
    const upcoming = upcomingRuns([job('web', -50, 24), job('old', -3, null)], now, 10);
    expect(upcoming.perHour[0]).toBe(2);
    expect(upcoming.next[0]?.at).toEqual(now);
    expect(upcoming.next[1]?.at).toEqual(now);
  });

  it('lists the first runs of all, however few are shown of however many jobs', () => {
    const jobs = fc.array(
      fc.record({
        nextRunAt: fc.integer({ min: -30, max: 40 }).map(inHours),
        everyHours: fc.option(fc.integer({ min: 1, max: 24 }), { nil: null }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(jobs, fc.integer({ min: 1, max: 8 }), (schedules, shown) => {
        const named = schedules.map((one, at) => ({ ...one, jobId: `job-${at}`, serverName: `server-${at}` }));
        const all = upcomingRuns(named, now, 1000);
        const few = upcomingRuns(named, now, shown);
        expect(all.next).toHaveLength(all.total);
        expect(few.total).toBe(all.total);
        expect(few.next.map((run) => run.at)).toEqual(all.next.slice(0, shown).map((run) => run.at));
      }),
    );
  });
});
