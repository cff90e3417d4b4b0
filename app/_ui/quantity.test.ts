import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMemory,
  formatNumberOf,
  formatPercent,
  formatRate,
  timeLeft,
} from './quantity.ts';

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 ** 2 - 1, '1 MiB'],
    [8 * 1024 ** 3, '8 GiB'],
    [123.4 * 1024 ** 3, '123 GiB'],
    [2.5 * 1024 ** 4, '2.5 TiB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [500, '500 B/s'],
    [12.34 * 1024 ** 2, '12.3 MiB/s'],
    [2048 * 1024 ** 2, '2048 MiB/s'],
  ])('writes a rate of %d as %s', (rate, text) => expect(formatRate(rate)).toBe(text));

  it.each([
    [400, 'under 1 s'],
    [45_999, '45 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [(2 * 60 + 14) * 60_000 + 59_000, '2 h 14 min'],
    [3_600_000 + 5000, '1 h'],
    [76 * 3_600_000, '3 d 4 h'],
  ])('writes %d ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('says 100 % only at the end', () => {
    expect(formatPercent(99.99)).toBe('99 %');
    expect(formatPercent(100)).toBe('100 %');
    expect(formatPercent(-3)).toBe('0 %');
  });

  it('counts', () => {
    expect(formatCount(12345)).toBe('12,345');
    expect(formatNumberOf(1, 'server')).toBe('1 server');
    expect(formatNumberOf(0, 'server')).toBe('0 servers');
    expect(formatMemory(4096)).toBe('4 GiB');
    expect(timeLeft(100, 50)).toBe(2000);
  });

  it('never makes a zero of what is not known', () => {
    for (const unknown of [null, undefined, Number.NaN]) {
      for (const format of [formatBytes, formatRate, formatDuration, formatPercent, formatCount, formatMemory]) {
        expect(format(unknown)).toBe('–');
      }
      expect(timeLeft(100, unknown)).toBeNull();
    }
    expect(timeLeft(100, 0)).toBeNull();
  });

  it('keeps bytes short whatever their number', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2 ** 59, noNaN: true }), (bytes) => {
        expect(formatBytes(bytes)).toMatch(/^\d{1,4}(\.\d)? (B|KiB|MiB|GiB|TiB|PiB)$/);
      }),
      { verbose: 1 },
    );
  });
});
