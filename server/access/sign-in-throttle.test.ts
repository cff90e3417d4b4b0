import { describe, expect, it } from 'vitest';
import { SignInThrottle } from './sign-in-throttle.ts';

function throttle() {
  const clock = { now: 1_000_000 };
  const rule = { free: 5, firstWaitMs: 30_000, longestWaitMs: 900_000 };
  return { clock, it: new SignInThrottle(rule, () => clock.now) };
}

describe('throttle of sign-ins', () => {
  it('lets five tries pass and then makes wait, twice as long each time', () => {
    const { clock, it: t } = throttle();
    for (let i = 0; i < 5; i += 1) expect(t.take('a').allowed).toBe(true);
    expect(t.take('a')).toEqual({ allowed: false, retryAfterMs: 30_000 });
    clock.now += 30_000;
    expect(t.take('a').allowed).toBe(true);
    expect(t.take('a')).toEqual({ allowed: false, retryAfterMs: 60_000 });
  });

  it('does not lengthen the wait for who asks during it', () => {
    const { clock, it: t } = throttle();
    for (let i = 0; i < 5; i += 1) t.take('a');
    for (let i = 0; i < 100; i += 1) t.take('a');
    clock.now += 30_000;
    expect(t.take('a').allowed).toBe(true);
  });

  it('never waits longer than the longest wait, and forgets after it', () => {
    const { clock, it: t } = throttle();
    for (let i = 0; i < 40; i += 1) {
      const verdict = t.take('a');
      if (!verdict.allowed) {
        expect(verdict.retryAfterMs).toBeLessThanOrEqual(900_000);
        clock.now += verdict.retryAfterMs;
      }
    }
    clock.now += 1_800_000;
    for (let i = 0; i < 5; i += 1) expect(t.take('a').allowed).toBe(true);
    expect(t.take('a')).toEqual({ allowed: false, retryAfterMs: 30_000 });
  });

  it('keeps keys apart, and clears one on the right password', () => {
    const { it: t } = throttle();
    for (let i = 0; i < 6; i += 1) t.take('a');
    expect(t.take('b').allowed).toBe(true);
    t.clear('a');
    expect(t.take('a').allowed).toBe(true);
  });

  it('is bounded', () => {
    const { it: t } = throttle();
    for (let i = 0; i < 25_000; i += 1) t.take(`key ${i}`);
    expect(t.size).toBeLessThanOrEqual(20_000);
  });
});
