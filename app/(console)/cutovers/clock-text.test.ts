import { expect, it } from 'vitest';
import { clockText, steadyOffset } from './clock-text.ts';

it('counts hours, minutes and seconds, and is a dash before it began', () => {
  expect(clockText(null)).toBe('–');
  expect(clockText(0)).toBe('0:00:00');
  expect(clockText(249_999)).toBe('0:04:09');
  expect(clockText(3_600_000)).toBe('1:00:00');
  expect(clockText(99_000_000)).toBe('27:30:00');
  expect(clockText(-500)).toBe('0:00:00');
});

it('follows a clock that is wrong, and not the way of each answer', () => {
  expect(steadyOffset(null, -120)).toBe(-120);
  expect(steadyOffset(-120, -900)).toBe(-120);
  expect(steadyOffset(-120, 61_000)).toBe(61_000);
});
