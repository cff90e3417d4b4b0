import { expect, it } from 'vitest';
import type { replicationRuns } from '../../../db/schema/index.ts';
import { runStatus } from './view.ts';

type RunRow = typeof replicationRuns.$inferSelect;

const run = (state: RunRow['state'], percent: number) =>
  ({ state, percent, step: 'prune-images', progress: null, cancelRequestedAt: null, waitingFor: null }) as RunRow;

it('says 100 % of every run that completed, and of no other more than it did', () => {
  expect(runStatus(run('completed', 94)).percent).toBe(100);
  expect(runStatus(run('completed', 100)).percent).toBe(100);
  for (const state of ['active', 'failed', 'cancelled'] as const) {
    expect(runStatus(run(state, 94.9)).percent, state).toBe(94);
  }
});
