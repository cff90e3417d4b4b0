import { describe, expect, it } from 'vitest';
import { asScheduled, differ, editDraftOf } from './edit-draft.ts';

const STORED = {
  everyHours: 12,
  description: '',
  keepImages: null,
  verification: null,
  pauseAfterFailures: 3,
  license: 'auto' as const,
  imageMethod: 'auto' as const,
};

it('an untouched draft is no change, and any field is one', () => {
  const draft = editDraftOf(STORED);
  expect(differ(editDraftOf(STORED), draft)).toBe(false);
  expect(differ({ ...draft, license: 'byol' }, draft)).toBe(true);
  expect(differ({ ...draft, start: 'later' }, draft)).toBe(true);
  expect(differ(editDraftOf({ ...STORED, pauseAfterFailures: null }), draft)).toBe(true);
});

describe('the next run when no time is chosen', () => {
  const job = { state: 'active' as const, everyHours: 12, nextRunAt: new Date('2026-11-22T12:00:00Z') };
  it.each([
    ['the same interval', job, 12, /^As it stands, .*22.*12:00/],
    ['no number yet', job, undefined, /^As it stands, .*22.*12:00/],
    ['another interval', job, 6, /in 6 hours\.$/],
    ['every hour', job, 1, /in an hour\.$/],
    ['once', job, null, /^No further run/],
    [
      'a single run that has been',
      { ...job, everyHours: null, nextRunAt: null },
      null,
      /never: the job has run once\.$/,
    ],
    ['a paused job', { ...job, state: 'paused' as const, nextRunAt: null }, 6, /when you resume it\.$/],
  ])('%s', (_what, theJob, everyHours, says) => {
    expect(asScheduled(theJob, everyHours, 'UTC')).toMatch(says);
  });
});
