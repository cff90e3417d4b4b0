import { expect, it } from 'vitest';
import { Counts } from './tests-in-time.ts';

it('counts what ends in time', () => {
  const counts = new Counts();
  for (const state of ['passed', 'failed', 'skipped'] as const) counts.test(state);
  counts.file('a.test.ts', ['passed', 'failed', 'skipped'], 0, 2);
  counts.file('broken.test.ts', [], 1, 1);
  expect(counts).toMatchObject({ passed: 1, failed: 2, skipped: 1, seconds: { 'a.test.ts': 2, 'broken.test.ts': 1 } });
});

it('counts a file that passes a moment late, and nothing of one that was cut off', () => {
  const counts = new Counts();
  counts.test('passed');
  counts.isOver = true;
  counts.test('passed');
  counts.file('late.test.ts', ['passed', 'passed'], 0, 50);
  for (const state of ['failed', 'skipped'] as const) counts.test(state);
  counts.file('cut.test.ts', ['failed', 'skipped'], 0, 51);
  counts.file('not-begun.test.ts', [], 0, 0);
  counts.file('broken-off.test.ts', ['passed'], 1, 1);
  expect(counts).toMatchObject({ passed: 2, failed: 0, skipped: 0 });
  expect(counts.seconds).toEqual({ 'late.test.ts': 50 });
});
