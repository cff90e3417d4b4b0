import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

const never = new AbortController().signal;

/** How many of so many askers were let in. */
async function admitted(pace: Pace, askers: number): Promise<() => number> {
  let inside = 0;
  for (let asker = 0; asker < askers; asker += 1) void pace.enter(never).then(() => (inside += 1));
  await Promise.resolve();
  return () => inside;
}

test('as many at once as allowed; who leaves lets the next one in, in order', async () => {
  const pace = new Pace(3);
  const inside = await admitted(pace, 5);
  expect(inside()).toBe(3);
  pace.leave();
  await expect.poll(inside).toBe(4);
  pace.leave();
  await expect.poll(inside).toBe(5);
});

test('one throttling of many calls slows down once, and success speeds up again slowly', () => {
  const pace = new Pace(64);
  const before = performance.now();
  for (let call = 0; call < 64; call += 1) pace.slowDown(before);
  expect(pace.window).toBe(44);
  pace.slowDown(performance.now() + 1);
  expect(pace.window).toBe(31);
  for (let call = 0; call < 32; call += 1) pace.wentThrough();
  expect(pace.window).toBe(32);
  for (let call = 0; call < 10_000; call += 1) pace.wentThrough();
  expect(pace.window).toBe(64);
  for (let call = 0; call < 100; call += 1) pace.slowDown(Number.POSITIVE_INFINITY);
  expect(pace.window).toBe(1);
});

test('who is aborted while waiting leaves the queue', async () => {
  const pace = new Pace(1);
  await pace.enter(never);
  const stop = new AbortController();
  const waiting = expect(pace.enter(stop.signal)).rejects.toThrow('enough');
  const next = pace.enter(never);
  stop.abort(new Error('enough'));
  await waiting;
  pace.leave();
  await next;
  await expect(pace.enter(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
});
