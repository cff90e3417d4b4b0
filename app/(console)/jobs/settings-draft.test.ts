import { describe, expect, it } from 'vitest';
import { draftOfJob, NEW_SETTINGS, type SettingsDraft, settingsOf } from './settings-draft.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const settings = (change: Partial<SettingsDraft>, zone = 'UTC') =>
  settingsOf({ ...NEW_SETTINGS, ...change }, zone, NOW);

describe('the settings of a job', () => {
  it('start as every 12 hours, now, keeping every AMI', () => {
    expect(settings({}).settings).toEqual({
      everyHours: 12,
      seedAt: null,
      description: '',
      keepImages: null,
      verification: null,
      pauseAfterFailures: 3,
    });
  });

  it('say a later start in the zone of the member', () => {
    const later = settings({ start: 'later', date: '2026-11-23', time: '09:00', kind: 'once' }, 'Europe/Berlin');
    expect(later.settings?.seedAt?.toISOString()).toBe('2026-11-23T08:00:00.000Z');
    expect(later.settings?.everyHours).toBeNull();
  });

  it.each<[string, Partial<SettingsDraft>, object]>([
    ['0 hours', { everyHours: '0' }, { everyHours: 'At least every hour is 1.' }],
    ['25 hours', { everyHours: '25' }, { everyHours: 'At most 24 hours.' }],
    ['no number', { everyHours: '1e1' }, { everyHours: 'Enter a whole number.' }],
    ['an empty field', { everyHours: '' }, { everyHours: 'Enter a whole number.' }],
    ['0 AMIs', { prune: true, keepImages: '0' }, { keepImages: 'At least 1.' }],
    ['271 AMIs', { prune: true, keepImages: '271' }, { keepImages: 'At most 270.' }],
    ['0 failures', { pauseAfterFailures: '0' }, { pauseAfterFailures: 'At least 1.' }],
    ['21 failures', { pauseAfterFailures: '21' }, { pauseAfterFailures: 'At most 20.' }],
    ['no number of failures', { pauseAfterFailures: '' }, { pauseAfterFailures: 'Enter a whole number.' }],
    ['a long description', { description: 'x'.repeat(256) }, { description: 'At most 255 characters.' }],
    ['no day and no time', { start: 'later' }, { date: 'Choose a day.', time: 'Choose a time.' }],
    ['an hour ago', { start: 'later', date: '2026-11-22', time: '11:00' }, { time: 'The time is in the past.' }],
    ['in 31 days', { start: 'later', date: '2026-12-23', time: '13:00' }, { date: 'At most 30 days ahead.' }],
  ])('refuse %s at its field', (_what, change, problems) => {
    expect(settings(change)).toEqual({ problems });
  });

  it('do not refuse what is not asked', () => {
    const hidden = settings({
      kind: 'once',
      everyHours: 'nonsense',
      prune: false,
      keepImages: '',
      pauseAfterFailures: 'nonsense',
      date: 'x',
      time: 'y',
    });
    expect(hidden.settings).toMatchObject({ everyHours: null, keepImages: null, seedAt: null, pauseAfterFailures: 3 });
    expect(settings({ pause: false, pauseAfterFailures: '0' }).settings?.pauseAfterFailures).toBeNull();
  });

  it('of a job come back as they were', () => {
    const stored = [
      { everyHours: 6, description: 'x', keepImages: 4, verification: 'full' as const, pauseAfterFailures: 7 },
      { everyHours: null, description: '', keepImages: null, verification: null, pauseAfterFailures: null },
      { everyHours: null, description: '', keepImages: null, verification: 'sampled' as const, pauseAfterFailures: 5 },
    ];
    for (const job of stored) {
      expect(settingsOf(draftOfJob(job), 'UTC', NOW).settings).toEqual({ ...job, seedAt: null });
    }
  });
});
