import { expect, it } from 'vitest';
import { fault, toFault } from '../../model/fault.ts';
import { CopyRestarts } from './copy-restarts.ts';

const away = fault('esxi-unreachable');
const cut = fault('export-cut');

/** So many failures one after another, each after bytes came, or after none. */
function fail(
  restarts: CopyRestarts,
  theFault: typeof away,
  times: number,
  options: { moved: boolean; copied: number },
) {
  const answers = [];
  for (let at = 0; at < times; at += 1) {
    if (options.moved) restarts.moved();
    answers.push(restarts.after(theFault, options.copied).again);
  }
  return answers;
}

it('begins a stream that was cut again, but not for ever; each disk that was copied begins the count anew', () => {
  const restarts = new CopyRestarts();
  expect(fail(restarts, cut, 4, { moved: true, copied: 0 })).toEqual([true, true, true, true]);
  expect(fail(restarts, cut, 5, { moved: true, copied: 1 })).toEqual([true, true, true, true, false]);
});

it('says only of the first of several failures that the copy goes on', () => {
  const restarts = new CopyRestarts();
  const first = () => restarts.after(away, 0).isFirst;
  expect([first(), first(), restarts.after(away, 1).isFirst]).toEqual([true, false, true]);
});

it('counts no try of an outage in which nothing came: that is a matter of time', () => {
  expect(fail(new CopyRestarts(), away, 500, { moved: false, copied: 0 })).not.toContain(false);
});

it('ends a copy that an outage breaks off again and again in the same disk', () => {
  const restarts = new CopyRestarts();
  fail(restarts, away, 20, { moved: true, copied: 0 });
  // Another disk, another count.
  fail(restarts, away, 20, { moved: true, copied: 1 });
  let error: unknown;
  try {
    fail(restarts, away, 1, { moved: true, copied: 1 });
  } catch (thrown) {
    error = thrown;
  }
  expect(toFault(error)).toMatchObject({ code: 'esxi-unreachable', retry: 'later' });
  expect(toFault(error).message).toContain('The same disk was begun 21 times');
});

it('knows when bytes came last', () => {
  const restarts = new CopyRestarts();
  const before = performance.now();
  expect(restarts.movedAt).toBe(0);
  restarts.moved();
  expect(restarts.movedAt).toBeGreaterThanOrEqual(before);
});
