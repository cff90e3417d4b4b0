import { expect, it } from 'vitest';
import { sectionShares } from './card-sections.ts';

it('sets two short values beside each other, and gives a long one, or one alone, the whole line', () => {
  expect(sectionShares([260, 100, 90])).toEqual([100, 50, 50]);
  expect(sectionShares([260, 100, 260, 90, 80, 70])).toEqual([100, 100, 100, 50, 50, 100]);
  expect(sectionShares([100, 90])).toEqual([100, 100]);
  expect(sectionShares([])).toEqual([]);
});
