import { expect, it } from 'vitest';
import { type FaultCode, faultError, toFault } from '../model/fault.ts';
import { outlast, withoutPatience, withPatience } from './outlast.ts';

const never = new AbortController().signal;
const told: (string | null)[] = [];
const patient = <T>(forMs: number, work: () => Promise<T>) => {
  told.length = 0;
  return withPatience({ forMs, tell: (waiting) => void told.push(waiting?.fault.code ?? null) }, work);
};
/** Fails so many times with the fault, then answers. */
function failing(times: number, code: FaultCode, retry: 'now' | 'later' = 'now') {
  let tries = 0;
  return async () => {
    tries += 1;
    if (tries <= times) throw faultError(code, { retry });
    return tries;
  };
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error) => toFault(error).code,
  );

it('calls again until the site answers, and says what it waits for and that it is over', async () => {
  expect(await patient(4_000, () => outlast(failing(3, 'aws-unreachable'), never))).toBe(4);
  expect(told).toEqual(['aws-unreachable', 'aws-unreachable', 'aws-unreachable', null]);
});

it.each([
  ['a refusal', 'aws-access-denied', 'later'],
  ['an outage that a person must end', 'vcenter-unreachable', 'later'],
  ['what is tried again and counted', 'export-cut', 'now'],
] as const)('passes %s on at once', async (_what, code, retry) => {
  expect(await codeOf(patient(4_000, () => outlast(failing(1, code, retry), never)))).toBe(code);
  expect(told).toEqual([]);
});

it('hears of an outage at once where nothing is patient', async () => {
  expect(await codeOf(outlast(failing(1, 'aws-unreachable'), never))).toBe('aws-unreachable');
  const inner = () => withoutPatience(() => outlast(failing(1, 'aws-unreachable'), never));
  expect(await codeOf(patient(4_000, inner))).toBe('aws-unreachable');
});

it('gives up when the patience is at its end, and says that it waited', async () => {
  const error = await patient(400, () => outlast(failing(1_000, 'vcenter-unreachable'), never)).catch(toFault);
  expect(error).toMatchObject({ code: 'vcenter-unreachable', retry: 'later' });
  expect(error).toMatchObject({ message: expect.stringContaining('The run waited for 0 s.') });
  expect(told.at(-1)).toBeNull();
});

it('measures an outage anew when the site answered in between', async () => {
  let tries = 0;
  let answeredAt = 0;
  const began = performance.now();
  const work = async () => {
    tries += 1;
    // Some of the work is done by every try, and all of it takes longer than the patience.
    answeredAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (answeredAt - began < 1_000) throw faultError('esxi-unreachable');
    return 'done';
  };
  expect(await patient(400, () => outlast(work, never, { answeredAt: () => answeredAt }))).toBe('done');
  expect(tries).toBeGreaterThan(2);
});

it('gives up a site that takes every call and lets it run into its time-out', async () => {
  const work = async () => {
    // Much of the patience: nothing was answered all the same.
    await new Promise((resolve) => setTimeout(resolve, 150));
    throw faultError('vcenter-unreachable');
  };
  expect(await patient(600, () => outlast(work, never)).catch(toFault)).toMatchObject({ retry: 'later' });
});

it('is told to stop while it waits, with the reason', async () => {
  const stop = new AbortController();
  const waiting = patient(60_000, () => outlast(failing(1_000, 'aws-unreachable'), stop.signal));
  await expect.poll(() => told.length).toBeGreaterThan(0);
  stop.abort(faultError('cancelled'));
  expect(await codeOf(waiting)).toBe('cancelled');
});
