import { expect, it } from 'vitest';
import { quietUntil } from './quiet-hours.ts';

const night = (zone: string) => ({ from: '22:00', to: '07:00', zone });
const until = (zone: string, now: string) => quietUntil(night(zone), new Date(now))?.toISOString() ?? null;

it('ends in the morning of the zone, whatever the clock of the server says', () => {
  expect(until('Europe/Berlin', '2026-12-01T21:30:20Z')).toBe('2026-12-02T06:00:00.000Z');
  expect(until('Asia/Kolkata', '2026-12-01T17:00:00Z')).toBe('2026-12-02T01:30:00.000Z');
  expect(until('America/New_York', '2026-12-02T04:00:00Z')).toBe('2026-12-02T12:00:00.000Z');
});

it('is not outside of them, and its end belongs to the day', () => {
  expect(until('Europe/Berlin', '2026-12-01T20:59:59Z')).toBeNull();
  expect(until('Europe/Berlin', '2026-12-01T21:00:00Z')).not.toBeNull();
  expect(until('Europe/Berlin', '2026-12-02T06:00:00Z')).toBeNull();
  expect(quietUntil({ from: '12:00', to: '13:00', zone: 'UTC' }, new Date('2026-12-02T12:10:00Z'))).toEqual(
    new Date('2026-12-02T13:00:00Z'),
  );
});

it('follows clocks that are put on and back in the night', () => {
  expect(until('Europe/Berlin', '2026-03-28T22:00:00Z')).toBe('2026-03-29T05:00:00.000Z');
  expect(until('Europe/Berlin', '2026-10-24T21:00:00Z')).toBe('2026-10-25T06:00:00.000Z');
});
