import { describe, expect, it } from 'vitest';
import {
  possible,
  whyNotCancel,
  whyNotCutOver,
  whyNotDelete,
  whyNotEdit,
  whyNotPause,
  whyNotResume,
  whyNotStart,
} from './job-rules.ts';

const NEXT = new Date('2026-11-22T12:00:00Z');
const job = (state: string, run?: string, more: object = {}) =>
  ({
    state,
    everyHours: 1,
    nextRunAt: NEXT,
    run: run ? { status: { state: run, cancelling: 'cancelling' in more } } : null,
    ...more,
  }) as unknown as Parameters<typeof whyNotStart>[0];
const ONE_TIME = { everyHours: null, nextRunAt: null };

const RULES = {
  start: whyNotStart,
  cancel: whyNotCancel,
  pause: whyNotPause,
  resume: whyNotResume,
  edit: whyNotEdit,
  delete: whyNotDelete,
};

describe('what can be done with a job', () => {
  it.each([
    ['one that has never run', job('pending'), 'start pause edit delete'],
    ['one whose run waits', job('pending', 'pending'), 'cancel pause edit delete'],
    ['one whose run goes on', job('active', 'active'), 'cancel pause edit delete'],
    ['one whose run is being cancelled', job('active', 'active', { cancelling: true }), 'pause edit delete'],
    ['one that has completed', job('completed', 'completed', ONE_TIME), 'start edit delete'],
    ['one that has failed', job('failed', 'failed', ONE_TIME), 'start edit delete'],
    ['a single one that is still to come', job('pending', undefined, { everyHours: null }), 'start pause edit delete'],
    ['one that is paused', job('paused', 'completed', { nextRunAt: null }), 'start resume edit delete'],
    ['one that is paused while its run goes on', job('paused', 'active'), 'cancel resume edit delete'],
    ['one that paused itself', job('paused-on-failure', 'failed', { nextRunAt: null }), 'start resume edit delete'],
    ['one that is being deleted', job('deleting', 'active', { cancelling: true }), ''],
  ])('%s', (_what, theJob, can) => {
    const may = Object.entries(RULES).flatMap(([what, why]) => (why(theJob) === null ? what : []));
    expect(may.join(' ')).toBe(can);
  });

  it('leaves out those of several that cannot, and says why when none can', () => {
    const idle = job('completed', 'completed');
    const busy = job('active', 'active');
    expect(possible([busy, idle], whyNotStart)).toEqual({ jobs: [idle], why: null });
    expect(possible([busy], whyNotStart).why).toBe('A run is already active.');
    expect(possible([], whyNotStart).why).toBe('Select a replication job first.');
  });
});

it('cuts over whatever is not being deleted: the rest the checks say', () => {
  expect(whyNotCutOver(job('paused', 'active'))).toBeNull();
  expect(whyNotCutOver(job('deleting'))).toMatch(/deleted/);
});
