// A power task from its claim to its settling, with a console that only writes down what it is told.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultError, faultError } from '../replication/model/fault.ts';
import type { PowerResult } from '../replication/model/power.ts';
import type { Source } from '../replication/sources/source.ts';
import type { EbsDirect, Staging } from '../replication/target/aws/target.ts';
import { gatewayVerbs, type Task, taskSchema } from '../replication/wire/gateway.ts';
import { Bandwidth } from './bandwidth.ts';
import { Link } from './link.ts';
import { performTask } from './work.ts';

type Told = { verb: string; body: Record<string, unknown> };

let console: Server;
let link: Link;
let told: Told[];
let answer: { go: boolean; reason: string | null };
/** So many extensions are answered with an error. */
let deaf: number;

beforeEach(async () => {
  told = [];
  answer = { go: true, reason: null };
  deaf = 0;
  console = createServer(async (request, response) => {
    const verb = request.url?.split('/').at(-1) as 'extend' | 'settle';
    const body = gatewayVerbs[verb].request.parse(await json(request));
    if (verb === 'extend' && deaf-- > 0) return void response.writeHead(502).end();
    told.push({ verb, body });
    const said = verb === 'extend' ? { ...answer, leaseSeconds: 1, bytesPerSecond: null } : {};
    response.end(JSON.stringify(said));
  });
  await new Promise<void>((resolve) => console.listen(0, '127.0.0.1', resolve));
  link = new Link(`http://127.0.0.1:${(console.address() as AddressInfo).port}`, 'c.secret');
});
afterEach(async () => {
  await link.close();
  console.closeAllConnections();
  await new Promise((resolve) => console.close(resolve));
});

const task = taskSchema.parse({
  kind: 'power',
  id: 'task-1',
  fence: 7,
  leaseSeconds: 1,
  vmId: 'vm-1',
  serverName: 'web01',
  action: 'shut-down',
  deadlineSeconds: 300,
}) satisfies Task;

async function perform(setPower: Source['setPower']): Promise<void> {
  await performTask(task, {
    link,
    source: { setPower } as Source,
    staging: {} as Staging,
    ebs: {} as EbsDirect,
    log: () => undefined,
    bandwidth: new Bandwidth(),
    rates: new Map(),
    signal: new AbortController().signal,
  });
}

const settled = () => told.filter(({ verb }) => verb === 'settle').map(({ body }) => body.outcome);
const lines = () =>
  told
    .flatMap(({ body }) => body.lines as { level: string; text: string }[])
    .map(({ level, text }) => `${level}: ${text}`);

test('the server is switched as the task says, and the outcome told under its fence', async () => {
  const asked: unknown[] = [];
  await perform(async (vmId, action, options) => {
    asked.push([vmId, action, options]);
    return { power: 'off', note: null };
  });
  expect(asked).toEqual([['vm-1', 'shut-down', { deadlineSeconds: 300 }]]);
  expect(settled()).toEqual([{ ok: true, result: { power: 'off', note: null } }]);
  expect(lines()).toEqual(['info: Asking the guest of web01 to shut down.', 'info: web01 is off.']);
  for (const { body } of told) expect(body).toMatchObject({ taskId: 'task-1', fence: 7 });
});

test('a guest that refuses is an outcome, no fault; its reason is in the log', async () => {
  const refused: PowerResult = { power: 'on', note: 'VMware Tools is not running in the guest.' };
  await perform(async () => refused);
  expect(settled()).toEqual([{ ok: true, result: refused }]);
  expect(lines().at(-1)).toBe('warning: VMware Tools is not running in the guest.');
});

test('a fault of vCenter is settled as such', async () => {
  await perform(async () => {
    throw faultError('vcenter-privilege-missing', { message: 'lacks VirtualMachine.Interact.PowerOff' });
  });
  expect(settled()).toEqual([
    { ok: false, fault: expect.objectContaining({ code: 'vcenter-privilege-missing', retry: 'later' }) },
  ]);
});

test.each([
  ['cancelled', ['cancelled']],
  ['overtaken', []],
])('while the guest shuts down the lease is kept, and a stop of the console is obeyed: %s', async (reason, codes) => {
  let stoppedBy: unknown;
  await perform(async (_vmId, _action, _options, signal) => {
    const extended = () => told.filter(({ verb }) => verb === 'extend').length;
    await expect.poll(extended, { interval: 10, timeout: 5_000 }).toBeGreaterThanOrEqual(2);
    answer = { go: false, reason };
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    stoppedBy = signal.reason;
    throw signal.reason;
  });
  expect(stoppedBy).toBeInstanceOf(FaultError);
  expect(settled()).toEqual(codes.map((code) => ({ ok: false, fault: expect.objectContaining({ code }) })));
});

test('what could not be told is told with the next message, once and in its order', async () => {
  await perform(async () => {
    deaf = 2;
    await expect.poll(() => lines().length, { interval: 10, timeout: 8_000 }).toBeGreaterThan(0);
    return { power: 'off', note: null };
  });
  expect(deaf).toBeLessThan(0);
  expect(lines()).toEqual(['info: Asking the guest of web01 to shut down.', 'info: web01 is off.']);
});
