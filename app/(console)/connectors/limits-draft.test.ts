import { describe, expect, it } from 'vitest';
import { NO_LIMIT } from '../../../replication/model/bandwidth.ts';
import { type LimitsDraft, limitsDraftOf, limitsOf, newHours } from './limits-draft.ts';

const draft = (change: Partial<LimitsDraft> = {}): LimitsDraft => ({
  ...limitsDraftOf({ maxRuns: 4, bandwidth: null }, 'Europe/Berlin'),
  ...change,
});
const row = (change: object) => ({ hours: [{ ...newHours(0), ...change }] });

describe('the limits of a connector', () => {
  it('come back as they were', () => {
    const hours = [{ days: [1, 2], from: '22:00', to: '06:00', limit: 0.5 }];
    for (const bandwidth of [null, { ...NO_LIMIT, limit: 50 }, { limit: null, hours, timeZone: 'Asia/Tokyo' }]) {
      const stored = { maxRuns: 7, bandwidth };
      expect(limitsOf(limitsDraftOf(stored, 'UTC')).limits).toEqual(stored);
    }
  });

  it('are none where no hour has one', () => {
    expect(limitsOf(draft(row({ limit: ' ' }))).limits).toEqual({ maxRuns: 4, bandwidth: null });
    expect(limitsOf(draft({ limit: '2,5' })).limits?.bandwidth).toEqual({
      limit: 2.5,
      hours: [],
      timeZone: 'Europe/Berlin',
    });
  });

  it.each<[string, Partial<LimitsDraft>, object]>([
    ['no run', { maxRuns: '0' }, { maxRuns: 'At least 1.', hours: [] }],
    ['51 runs', { maxRuns: '51' }, { maxRuns: 'At most 50.', hours: [] }],
    ['no number of runs', { maxRuns: '1e1' }, { maxRuns: 'Enter a whole number.', hours: [] }],
    ['a limit of 0', { limit: '0' }, { limit: 'More than 0.', hours: [] }],
    ['words', { limit: 'much' }, { limit: 'Enter a number, or nothing for no limit.', hours: [] }],
    ['no day', row({ days: [] }), { hours: [{ days: 'Choose at least one day.' }] }],
    ['an unfinished time', row({ from: '8:' }), { hours: [{ from: 'A time such as 18:30.' }] }],
    ['an hour that there is not', row({ to: '24:00' }), { hours: [{ to: 'A time such as 18:30.' }] }],
    ['a limit in hours', row({ limit: '-1' }), { hours: [{ limit: 'Enter a number, or nothing for no limit.' }] }],
    ['a zone of no name', { timeZone: 'Moon/Base' }, { timeZone: 'No time zone of this name.', hours: [] }],
  ])('refuse %s at its field', (_what, change, problems) => {
    expect(limitsOf(draft(change))).toEqual({ problems });
  });
});
