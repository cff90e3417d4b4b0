import { expect, it } from 'vitest';
import { runLimitsDraft, runLimitsOf } from './run-limits.ts';

it('limits come back as they were', () => {
  expect(runLimitsOf(runLimitsDraft({ total: 40, perTarget: 1000 })).limits).toEqual({ total: 40, perTarget: 1000 });
});

it.each([
  [{ total: '0', perTarget: '5' }, { total: 'At least 1.' }],
  [{ total: '5', perTarget: '1001' }, { perTarget: 'At most 1000.' }],
  [
    { total: '', perTarget: '1.5' },
    { total: 'Enter a whole number.', perTarget: 'Enter a whole number.' },
  ],
])('%j is refused at its fields', (draft, problems) => expect(runLimitsOf(draft)).toEqual({ problems }));
