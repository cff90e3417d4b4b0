import { expect, it } from 'vitest';
import { meaningOf, whatIsIn } from './target-words.ts';

const PREVIEW = { version: 1, changes: [], newChains: false, jobs: 0, disks: 0, runs: 0 };

it('says what a change means, the worst first', () => {
  const changes = [
    { field: 'name', counts: 'at-once' },
    { field: 'bucket', counts: 'new-chain' },
    { field: 'region', counts: 'new-chain' },
  ] as const;
  const lines = meaningOf({ ...PREVIEW, changes: [...changes], newChains: true, jobs: 1, disks: 3, runs: 1 });
  expect(lines).toEqual([
    'Staging bucket, Region: counts for runs created from then on, and the next run of each job copies every disk whole.',
    'Name: counts at once.',
    '1 replication job goes into it; 3 disks would have been copied as a delta.',
    'What lies in the old place stays there, and is found and released there.',
    '1 run under way goes on with the settings of before.',
  ]);
});

it('frightens nobody where nothing is in it', () => {
  const changes = [{ field: 'bucket' as const, counts: 'new-chain' as const }];
  expect(meaningOf({ ...PREVIEW, changes, newChains: true })).toHaveLength(1);
  expect(meaningOf(PREVIEW)).toEqual(['Nothing becomes another.']);
});

it('names what keeps a target from being deleted', () => {
  const now = { jobs: 0, runs: 0, images: 0, instances: 0, copies: 0, artifacts: 0 };
  expect(whatIsIn({ now, everUsed: true, places: [] })).toBeNull();
  expect(whatIsIn({ now: { ...now, jobs: 10_001, images: 1 }, everUsed: true, places: [] })).toEqual([
    'more than 10,000 replication jobs',
    '1 AMI',
  ]);
});
