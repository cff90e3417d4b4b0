import { describe, expect, it } from 'vitest';
import { exactTime, relativeTime } from './relative-time.ts';

const now = Date.UTC(2026, 10, 22, 14, 0, 0);
const at = (seconds: number) => relativeTime(new Date(now + seconds * 1000), now);

describe('relative time', () => {
  it.each([
    [0, 'just now'],
    [-9, 'just now'],
    [5, 'in a moment'],
    [-25, '25 s ago'],
    [-60, '1 min ago'],
    [300, 'in 5 min'],
    [-3 * 3600 - 1, '3 h ago'],
    [-2 * 86_400, '2 d ago'],
    [-40 * 86_400, '13 Oct 2026'],
  ])('%d s from now is %s', (seconds, text) => expect(at(seconds)).toBe(text));

  it('is exact in the zone of the member', () => {
    expect(exactTime(new Date(now), 'Europe/Berlin')).toMatch(/22 Nov 2026, 15:00:00 (CET|GMT\+1)/);
    expect(exactTime(new Date(now), 'UTC')).toContain('14:00:00 UTC');
  });
});
