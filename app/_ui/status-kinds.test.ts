import { expect, it } from 'vitest';
import { cutoverCheckSchema, cutoverStateSchema } from '../../replication/model/cutover.ts';
import { jobStateSchema } from '../../replication/model/job.ts';
import { runStateSchema } from '../../replication/model/run.ts';
import { statesOf, statusOf } from './status-kinds.ts';

it('knows every state of the model', () => {
  const known = (noun: Parameters<typeof statesOf>[0]) => statesOf(noun).map(({ value }) => value);
  expect(known('run')).toEqual(expect.arrayContaining(runStateSchema.options));
  expect(known('job')).toEqual(expect.arrayContaining(jobStateSchema.options));
  expect(known('cutover')).toEqual(expect.arrayContaining(cutoverStateSchema.options));
  expect(known('cutover-check')).toEqual(cutoverCheckSchema.shape.state.options);
});

it('shows a state it does not know by its name', () => {
  expect(statusOf('run', 'half-done')).toEqual({ kind: 'pending', label: 'Half done' });
  expect(statusOf('run', 'failed').kind).toBe('error');
});
