import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { contentTypeOf, PAGES, pageOf } from './navigation.ts';

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
