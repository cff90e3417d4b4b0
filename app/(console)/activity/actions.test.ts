import { expect, it } from 'vitest';
import { actionLabel, changesOf } from './actions.ts';

it('names what it knows, and shows the rest as it is', () => {
  expect(actionLabel('job.create')).toBe('Created replication job');
  expect(actionLabel('moon.land')).toBe('moon.land');
});

it('shows only what changed', () => {
  expect(changesOf({ every: 12, name: 'a', gone: 1 }, { every: 24, name: 'a', fresh: ['x'] })).toEqual([
    { name: 'every', before: '12', after: '24' },
    { name: 'fresh', before: null, after: '["x"]' },
    { name: 'gone', before: '1', after: null },
  ]);
  expect(changesOf(null, { role: 'viewer' })).toEqual([{ name: 'role', before: null, after: 'viewer' }]);
  expect(changesOf(null, null)).toEqual([]);
});
