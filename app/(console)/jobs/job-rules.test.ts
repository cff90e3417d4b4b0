import { describe, expect, it } from 'vitest';
import { possible, whyNotCancel, whyNotDelete, whyNotStart } from './job-rules.ts';

const job = (state: string, run?: string, cancelling = false) =>
  ({ state, run: run ? { status: { state: run, cancelling } } : null }) as unknown as Parameters<typeof whyNotStart>[0];

describe('what can be done with a job', () => {
  it.each([
    ['one that has never run', job('pending'), [true, false, true]],
    ['one whose run waits', job('pending', 'pending'), [false, true, true]],
    ['one whose run goes on', job('active', 'active'), [false, true, true]],
    ['one whose run is being cancelled', job('active', 'active', true), [false, false, true]],
    ['one that has completed', job('completed', 'completed'), [true, false, true]],
    ['one that has failed', job('failed', 'failed'), [true, false, true]],
    ['one that is being deleted', job('deleting', 'active', true), [false, false, false]],
  ])('%s', (_what, theJob, [start, cancel, remove]) => {
    expect(whyNotStart(theJob) === null).toBe(start);
    expect(whyNotCancel(theJob) === null).toBe(cancel);
    expect(whyNotDelete(theJob) === null).toBe(remove);
  });

  it('leaves out those of several that cannot, and says why when none can', () => {
    const idle = job('completed', 'completed');
    const busy = job('active', 'active');
    expect(possible([busy, idle], whyNotStart)).toEqual({ jobs: [idle], why: null });
    expect(possible([busy], whyNotStart).why).toBe('A run is active already.');
    expect(possible([], whyNotStart).why).toBe('Select a replication job first.');
  });
});
