import { expect, it } from 'vitest';
import { jobStateSchema } from '../../replication/model/job.ts';
import { runStateSchema } from '../../replication/model/run.ts';
import { statesOf, statusOf } from './status-kinds.ts';

it('knows every state of the model', () => {
  const known = (noun: 'run' | 'job') => statesOf(noun).map(({ value }) => value);
  expect(known('run')).toEqual(expect.arrayContaining(runStateSchema.options));
  expect(known('job')).toEqual(expect.arrayContaining(jobStateSchema.options));
});

it('shows a state it does not know by its name', () => {
  expect(statusOf('run', 'half-done')).toEqual({ kind: 'pending', label: 'Half done' });
  expect(statusOf('run', 'failed').kind).toBe('error');
});
