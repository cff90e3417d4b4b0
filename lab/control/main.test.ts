import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultRules } from '../faults/rules.ts';
import { type LabControl, startLabControl } from './main.ts';

let control: LabControl;
let faults: FaultRules;
const heard: unknown[] = [];

beforeEach(async () => {
  faults = new FaultRules();
  heard.length = 0;
  const record = (name: string) => async (input: unknown) => {
    heard.push([name, input]);
    if (name === 'vcenter fails') throw new Error('not like this');
    return { name };
  };
  control = await startLabControl({
    faults,
    vcenter: {
      control: { marker: record('vcenter marker'), fails: record('vcenter fails'), state: record('vcenter state') },
    },
    aws: { control: { marker: record('aws marker') } },
  });
});
afterEach(() => control.close());

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${control.url}${path}`, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

test('calls reach the half of the lab that they name', async () => {
  expect(await send('POST', '/vcenter/marker', { text: 'x' })).toEqual({
    status: 200,
    body: { name: 'vcenter marker' },
  });
  expect(await send('POST', '/aws/marker')).toEqual({ status: 200, body: { name: 'aws marker' } });
  expect(heard).toEqual([
    ['vcenter marker', { text: 'x' }],
    ['aws marker', {}],
  ]);
  expect((await send('GET', '/state')).body).toEqual({ vcenter: { name: 'vcenter state' } });
});

test('what is wrong is said', async () => {
  expect(await send('POST', '/vcenter/fails')).toEqual({ status: 400, body: { error: 'not like this' } });
  expect((await send('POST', '/vcenter/constructor')).status).toBe(404);
  expect((await send('GET', '/vcenter/marker')).status).toBe(404);
  expect((await send('POST', '/faults', { side: 'vcenter', operation: 'Login' })).status).toBe(400);
  expect((await send('POST', '/vcenter/marker', {}, { origin: 'http://evil.example' })).status).toBe(403);
  expect(heard).toHaveLength(1);
});

test('fault rules are added, listed, removed and cleared', async () => {
  const rule = { side: 'vcenter', operation: 'Login', effect: { kind: 'fail', code: 'InvalidLogin' }, count: 2 };
  const added = (await send('POST', '/faults', rule)).body;
  await send('POST', '/faults', { ...rule, id: 'mine' });
  expect((await send('GET', '/faults')).body.rules).toEqual([added, { ...rule, id: 'mine' }]);
  expect((await send('DELETE', '/faults/mine')).status).toBe(200);
  expect((await send('DELETE', '/faults/mine')).status).toBe(404);
  expect(faults.take('vcenter', 'Login')).toEqual([rule.effect]);
  await send('DELETE', '/faults');
  expect(faults.list()).toEqual([]);
});
