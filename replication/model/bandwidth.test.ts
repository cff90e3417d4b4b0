import { describe, expect, it } from 'vitest';
import { type Bandwidth, bandwidthSchema, bytesPerSecondAt } from './bandwidth.ts';

const MiB = 1_048_576;
const office: Bandwidth = {
  limit: 100,
  hours: [
    { days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00', limit: 10 },
    { days: [5], from: '22:00', to: '06:00', limit: null },
  ],
  timeZone: 'Europe/Berlin',
};

describe('the bandwidth of a connector', () => {
  it.each([
    ['on a working day', '2026-11-23T08:00:00Z', 10 * MiB],
    ['just before it', '2026-11-23T06:59:00Z', 100 * MiB],
    ['as it ends', '2026-11-23T17:00:00Z', 100 * MiB],
    ['on a Sunday', '2026-11-22T10:00:00Z', 100 * MiB],
    ['in a night that began on its day', '2026-11-28T03:00:00Z', null],
    ['in the night after another day', '2026-11-27T03:00:00Z', 100 * MiB],
    ['in summer time, an hour earlier', '2026-07-06T06:00:00Z', 10 * MiB],
  ])('is what its hours say %s', (_, at, rate) => {
    expect(bytesPerSecondAt(office, new Date(at))).toBe(rate);
  });

  it('is checked: zones, times and rates that cannot be are refused', () => {
    expect(bandwidthSchema.safeParse(office).success).toBe(true);
    for (const wrong of [
      { ...office, timeZone: 'Mars/Olympus' },
      { ...office, limit: 0 },
      { ...office, hours: [{ days: [], from: '08:00', to: '18:00', limit: 1 }] },
      { ...office, hours: [{ days: [1], from: '8', to: '25:00', limit: 1 }] },
    ]) {
      expect(bandwidthSchema.safeParse(wrong).success).toBe(false);
    }
  });
});
