import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { contentTypeOf, PAGES, pageOf, samePageElsewhere } from './navigation.ts';

it('leads only to pages that exist', () => {
  for (const page of PAGES) {
    if (page === 'divider') continue;
    expect(existsSync(new URL(`../(console)${page.href}/page.tsx`, import.meta.url)), page.href).toBe(true);
  }
});

it('knows which page a path belongs to', () => {
  expect(pageOf('/jobs')?.title).toBe('Replication jobs');
  expect(pageOf('/runs/sms-run-1')?.title).toBe('Runs');
  expect(pageOf('/jobs/create')?.title).toBe('Replication jobs');
  expect(pageOf('/jobsx')).toBeUndefined();
});

it('gives lists, wizards and details their own layout', () => {
  expect(contentTypeOf('/jobs')).toBe('table');
  expect(contentTypeOf('/jobs/create')).toBe('wizard');
  expect(contentTypeOf('/images/ami-1/launch')).toBe('wizard');
  expect(contentTypeOf('/cutovers/create')).toBe('form');
  expect(contentTypeOf('/connectors/enrol')).toBe('form');
  expect(contentTypeOf('/jobs/sms-job-1')).toBe('default');
});

it('stays on the same kind of page when another workspace is opened', () => {
  expect(samePageElsewhere('/jobs')).toBe('/jobs');
  expect(samePageElsewhere('/jobs/sms-job-1')).toBe('/jobs');
  expect(samePageElsewhere('/settings/targets/target-1/edit')).toBe('/settings');
  expect(samePageElsewhere('/settings/members')).toBe('/settings/members');
  expect(samePageElsewhere('/profile')).toBe('/profile');
  expect(samePageElsewhere('/nowhere')).toBe('/overview');
});
