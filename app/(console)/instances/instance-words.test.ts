import { expect, it, test } from 'vitest';
import { isBooting, mayTerminate, statusChecks, withWords } from './instance-words.ts';

const detail = (systemStatus: string | null, instanceStatus: string | null) => ({
  instanceId: 'i-1',
  imageId: 'ami-1',
  state: 'running' as const,
  stateReason: null,
  instanceType: 't3.micro',
  privateAddress: null,
  publicAddress: null,
  launchedAt: null,
  systemStatus,
  instanceStatus,
});

test.each([
  ['ok', 'ok', 'ok'],
  ['ok', 'initializing', 'initializing'],
  [null, null, 'initializing'],
  ['impaired', 'initializing', 'impaired'],
  ['ok', 'insufficient-data', 'insufficient-data'],
])('checks %s and %s are %s together', (system, instance, expected) => {
  expect(statusChecks({ state: 'running', detail: detail(system, instance) })).toBe(expected);
});

it('has no checks before and after it runs', () => {
  for (const state of ['launching', 'pending', 'stopped', 'terminated', 'failed'] as const) {
    expect(statusChecks({ state, detail: detail('ok', 'ok') })).toBeNull();
  }
});

it('reads the console while the guest comes up, and not for ever', () => {
  const launchedAt = new Date(1_000_000);
  const soon = 1_060_000;
  expect(isBooting({ state: 'pending', detail: null, launchedAt }, soon)).toBe(true);
  expect(isBooting({ state: 'running', detail: detail('ok', 'initializing'), launchedAt }, soon)).toBe(true);
  expect(isBooting({ state: 'running', detail: detail('ok', 'ok'), launchedAt }, soon)).toBe(false);
  expect(isBooting({ state: 'terminated', detail: null, launchedAt }, soon)).toBe(false);
  expect(isBooting({ state: 'pending', detail: null, launchedAt }, soon + 3_600_000)).toBe(false);
});

it('lets an operator end tests only, a viewer nothing, and nobody what has ended', () => {
  const test = { purpose: 'test', state: 'running', instanceId: 'i-1' } as const;
  const final = { ...test, purpose: 'final' } as const;
  expect(mayTerminate('operator', test)).toBe(true);
  expect(mayTerminate('operator', final)).toBe(false);
  expect(mayTerminate('cutover-manager', final)).toBe(true);
  expect(mayTerminate('viewer', test)).toBe(false);
  expect(mayTerminate('administrator', { ...test, state: 'shutting-down' })).toBe(false);
  expect(mayTerminate('administrator', { ...test, state: 'launching', instanceId: null })).toBe(false);
});

it('puts the words of EC2 in the open', () => {
  const refusal = { code: 'launch-refused', message: 'm', remedy: 'Choose another type.' };
  expect(
    withWords({
      ...refusal,
      cause: 'FaultError: refused ← NoCapacity: Not enough t2.micro. (ec2:RunInstances, HTTP 400, request 036B)',
    }).remedy,
  ).toBe('EC2 says: NoCapacity: Not enough t2.micro. Choose another type.');
  expect(withWords(refusal)).toEqual(refusal);
});
