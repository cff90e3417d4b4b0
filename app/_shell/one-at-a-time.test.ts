import { expect, it } from 'vitest';
import { OneAtATime } from './one-at-a-time.ts';

/** A call that ends when it is told to. */
function call() {
  let answer = (_value: string) => {};
  let fail = (_error: Error) => {};
  const made = new Promise<string>((resolve, reject) => {
    answer = resolve;
    fail = reject;
  });
  const calls = { count: 0 };
  const start = () => {
    calls.count += 1;
    return made;
  };
  return { start, calls, answer, fail };
}

it('drops what comes while a call is under way, and answers its promise', async () => {
  const gate = new OneAtATime();
  const first = call();
  const second = call();
  const answers = [gate.run(first.start), gate.run(second.start), gate.run(first.start)];
  first.answer('one');
  expect(await Promise.all(answers)).toEqual(['one', 'one', 'one']);
  expect([first.calls.count, second.calls.count]).toEqual([1, 0]);
});

it('is free again after the call, however it ended', async () => {
  const gate = new OneAtATime();
  const refused = call();
  const asked = gate.run(refused.start);
  refused.fail(new Error('refused'));
  await expect(asked).rejects.toThrow('refused');
  const next = call();
  next.answer('next');
  expect(await gate.run(next.start)).toBe('next');
  expect(await gate.run(next.start)).toBe('next');
  expect(next.calls.count).toBe(2);
});

it('once: drops what comes after a call that went well, until it is reset; a refused one may be tried again', async () => {
  const gate = new OneAtATime();
  const refused = call();
  refused.fail(new Error('refused'));
  await expect(gate.run(refused.start, { once: true })).rejects.toThrow('refused');
  const good = call();
  good.answer('made');
  expect(await gate.run(good.start, { once: true })).toBe('made');
  expect(await gate.run(good.start, { once: true })).toBe('made');
  expect(good.calls.count).toBe(1);
  gate.reset();
  await gate.run(good.start, { once: true });
  expect(good.calls.count).toBe(2);
});
