import { expect, it } from 'vitest';
import { percentile, timeOf } from './timing.ts';

it('takes the nearest rank', () => {
  const values = Array.from({ length: 20 }, (_, at) => 20 - at);
  expect(percentile(values, 0.5)).toBe(10);
  expect(percentile(values, 0.95)).toBe(19);
  expect(percentile([7], 0.95)).toBe(7);
});

it('asks once more than it counts, and says why there is no figure', async () => {
  let asked = 0;
  const timed = await timeOf('quick', { times: 5, longest: 1000 }, async () => {
    asked += 1;
  });
  expect(timed).toMatchObject({ name: 'quick', times: 5 });
  expect(asked).toBe(6);
  const refused = await timeOf('refused', { times: 5, longest: 1000 }, () =>
    Promise.reject(new Error('no answer within 1 s')),
  );
  expect(refused).toMatchObject({ p50: null, p95: null, missing: 'no answer within 1 s' });
});
