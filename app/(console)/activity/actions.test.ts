import { expect, it } from 'vitest';
import { actionLabel, changesOf } from './actions.ts';
import { subjectHref } from './subject.ts';

it('names what it knows, and shows the rest as it is', () => {
  expect(actionLabel('job.create')).toBe('Created replication job');
  expect(actionLabel('moon.land')).toBe('moon.land');
});

it('shows only what changed', () => {
  expect(changesOf({ every: 12, name: 'a', gone: 1 }, { every: 24, name: 'a', fresh: ['x'] })).toEqual([
    { name: 'every', before: '12', after: '24' },
    { name: 'fresh', before: null, after: 'x' },
    { name: 'gone', before: '1', after: null },
  ]);
  expect(changesOf(null, { role: 'viewer' })).toEqual([{ name: 'role', before: null, after: 'viewer' }]);
  expect(changesOf(null, null)).toEqual([]);
});

it('looks into what lies deeper', () => {
  const volume = { device: '/dev/sda1', sizeGiB: 8 };
  expect(changesOf({ volumes: [volume], on: true }, { volumes: [{ ...volume, sizeGiB: 9 }], on: false })).toEqual([
    { name: 'on', before: 'true', after: 'false' },
    { name: 'volumes.1.sizeGiB', before: '8', after: '9' },
  ]);
});

it('finds the page of what was acted on, and none of what has none', () => {
  expect(subjectHref({ subjectKind: 'job', subjectId: 'sms-job-1' })).toBe('/jobs/sms-job-1');
  expect(subjectHref({ subjectKind: 'image', subjectId: 'ami-1' })).toBe('/images?q=id%3Dami-1');
  expect(subjectHref({ subjectKind: 'cutover', subjectId: 'cutover-1' })).toBe('/cutovers/cutover-1');
  expect(subjectHref({ subjectKind: 'enrolment-code', subjectId: 'code-1' })).toBeNull();
});
