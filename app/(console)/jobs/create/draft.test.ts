import { describe, expect, it } from 'vitest';
import { type Draft, imageMethodOf, isTouched, licenseOf, newDraft, settingsOf } from './draft.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const settings = (change: Partial<Draft>, zone = 'UTC') => settingsOf({ ...newDraft(['s-1']), ...change }, zone, NOW);

describe('the settings of the wizard', () => {
  it('start as every 12 hours, now, keeping every AMI', () => {
    expect(settings({}).settings).toEqual({ everyHours: 12, seedAt: null, description: '', keepImages: null });
  });

  it('say a later start in the zone of the member', () => {
    const later = settings({ start: 'later', date: '2026-11-23', time: '09:00', kind: 'once' }, 'Europe/Berlin');
    expect(later.settings?.seedAt?.toISOString()).toBe('2026-11-23T08:00:00.000Z');
    expect(later.settings?.everyHours).toBeNull();
  });

  it.each<[string, Partial<Draft>, object]>([
    ['0 hours', { everyHours: '0' }, { everyHours: 'At least every hour is 1.' }],
    ['25 hours', { everyHours: '25' }, { everyHours: 'At most 24 hours.' }],
    ['no number', { everyHours: '1e1' }, { everyHours: 'Enter a whole number.' }],
    ['an empty field', { everyHours: '' }, { everyHours: 'Enter a whole number.' }],
    ['0 AMIs', { prune: true, keepImages: '0' }, { keepImages: 'At least 1.' }],
    ['271 AMIs', { prune: true, keepImages: '271' }, { keepImages: 'At most 270.' }],
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
      date: 'x',
      time: 'y',
    });
    expect(hidden.settings).toMatchObject({ everyHours: null, keepImages: null, seedAt: null });
  });
});

describe('per server', () => {
  it('a licence that the guest cannot take falls back to Auto', () => {
    const draft = { licenses: { a: 'aws', b: 'aws' } } as const;
    expect(licenseOf(draft, { id: 'a', guestFamily: 'linux' })).toBe('auto');
    expect(licenseOf(draft, { id: 'b', guestFamily: 'windows-server' })).toBe('aws');
  });

  it('Windows is never registered as it is', () => {
    const draft = { imageMethods: { a: 'register-image' } } as const;
    expect(imageMethodOf(draft, { id: 'a', guestFamily: 'windows-client' })).toBe('auto');
    expect(imageMethodOf(draft, { id: 'a', guestFamily: 'linux' })).toBe('register-image');
  });

  it('knows whether something would be lost', () => {
    expect(isTouched(newDraft([]))).toBe(false);
    expect(isTouched(newDraft(['s-1']))).toBe(true);
    expect(isTouched({ ...newDraft([]), description: 'x' })).toBe(true);
  });
});
