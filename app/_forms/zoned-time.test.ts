import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantIn, wallClock } from './zoned-time.ts';

describe('a wall clock in a zone', () => {
  it.each([
    ['UTC', '2026-11-22', '14:05', '2026-11-22T14:05:00.000Z'],
    ['Europe/Berlin', '2026-11-22', '14:05', '2026-11-22T13:05:00.000Z'],
    ['Europe/Berlin', '2026-07-01', '00:30', '2026-06-30T22:30:00.000Z'],
    ['Asia/Kolkata', '2026-03-01', '05:29', '2026-02-28T23:59:00.000Z'],
    ['America/New_York', '2026-12-31', '23:59', '2027-01-01T04:59:00.000Z'],
    ['Pacific/Auckland', '2026-01-01', '0:00', '2025-12-31T11:00:00.000Z'],
  ])('%s %s %s is %s', (zone, date, time, instant) => {
    expect(instantIn(zone, date, time)?.toISOString()).toBe(instant);
  });

  it.each([
    ['the clocks leap over it', 'Europe/Berlin', '2026-03-29', '02:30'],
    ['there is no such day', 'UTC', '2026-02-30', '10:00'],
    ['there is no such hour', 'UTC', '2026-02-20', '24:00'],
    ['it is unfinished', 'UTC', '2026-02-20', '10:'],
    ['it is empty', 'UTC', '', ''],
  ])('is no time where %s', (_why, zone, date, time) => {
    expect(instantIn(zone, date, time)).toBeNull();
  });

  it('comes back from every instant that shows on the clock once', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
    const minutes = fc.integer({ min: Date.UTC(2026, 0, 1) / 60_000, max: Date.UTC(2028, 0, 1) / 60_000 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), minutes, (zone, minute) => {
        const { date, time } = wallClock(zone, new Date(minute * 60_000));
        const back = instantIn(zone, date, time);
        expect(back).not.toBeNull();
        // An hour that the clocks go through twice may come back as its other pass.
        expect(wallClock(zone, back as Date)).toEqual({ date, time });
      }),
    );
  });
});
