// A power task from its claim to its settling, with a console that only writes down what it is told.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FaultError, fault, faultError } from '../replication/model/fault.ts';
import type { PowerResult } from '../replication/model/power.ts';
import { type CatalogServer, unreadableServer } from '../replication/model/server.ts';
import type { Source } from '../replication/sources/source.ts';
import { gatewayVerbs, type Task, taskSchema } from '../replication/wire/gateway.ts';
import { Bandwidth } from './bandwidth.ts';
import { Link } from './link.ts';
import { TargetsOfTasks } from './targets.ts';
import { performTask } from './work.ts';

type Told = { verb: string; body: Record<string, unknown> };

let console: Server;
let link: Link;
let told: Told[];
let answer: { go: boolean; reason: string | null };
/** So many extensions are answered with an error. */
let deaf: number;
/** Whether the console refuses a message as of the wrong form. */
let refuses: (verb: string, body: Told['body']) => boolean;
/** So many other messages are: the console's database is away. */
let away: number;
/** Whether a message is heard and never answered. */
let silent: (verb: string) => boolean;
/** What the connector's log says of trouble. */
let warned: string[];

beforeEach(async () => {
  told = [];
  answer = { go: true, reason: null };
  deaf = 0;
  refuses = () => false;
  away = 0;
  silent = () => false;
  warned = [];
  console = createServer(async (request, response) => {
    const verb = request.url?.split('/').at(-1) as 'extend' | 'settle' | 'catalog' | 'give-back';
    const body = gatewayVerbs[verb].request.parse(await json(request));
    if (verb === 'extend' && deaf-- > 0) return void response.writeHead(502).end();
    if (refuses(verb, body)) {
      const said = fault('input-invalid', { message: 'servers.0.vcpus: Too big' });
      return void response.writeHead(400).end(JSON.stringify({ fault: said }));
    }
    if (verb !== 'extend' && away-- > 0)
      return void response.writeHead(503).end(JSON.stringify({ fault: fault('console-database-away') }));
    told.push({ verb, body });
    if (silent(verb)) return;
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

const targets = new TargetsOfTasks({
  region: 'eu-central-1',
  bucket: 'b',
  accessKeyId: 'k',
  secretAccessKey: 's',
  endpoints: {},
});

async function perform(setPower: Source['setPower']): Promise<void> {
  await performWith(task, { setPower });
}

async function performWith(task: Task, source: Partial<Source>, signal = new AbortController().signal): Promise<void> {
  await performTask(task, {
    link,
    source: source as Source,
    targets,
    log: (level, text) => void (level === 'warn' && warned.push(text)),
    bandwidth: new Bandwidth(),
    rates: new Map(),
    signal,
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

test('a message of any length and kind is settled, cut to what the console takes', async () => {
  await perform(async () => {
    throw faultError('vcenter-fault', { message: `vCenter answered: ${'\u0000💾'.repeat(2000)}` });
  });
  const [outcome] = settled() as { fault: { code: string; message: string } }[];
  expect(outcome?.fault).toMatchObject({ code: 'vcenter-fault' });
  expect(outcome?.fault.message).toMatch(/^vCenter answered: (\ufffd💾)+\ufffd?…$/u);
});

test('a result that the console refuses ends the work with a fault, and is not tried for ever', async () => {
  refuses = (verb, body) => verb === 'settle' && (body.outcome as { ok: boolean }).ok;
  await perform(async () => ({ power: 'off', note: null }));
  expect(settled()).toEqual([
    { ok: false, fault: expect.objectContaining({ code: 'message-refused', retry: 'later' }) },
  ]);
});

test('lines that the console refuses keep neither the lease nor the end from it', async () => {
  refuses = (_verb, body) => JSON.stringify(body.lines).includes('Asking the guest');
  await perform(async () => {
    await expect.poll(() => told.length, { interval: 10, timeout: 8_000 }).toBeGreaterThan(0);
    return { power: 'off', note: null };
  });
  expect(settled()).toEqual([{ ok: true, result: { power: 'off', note: null } }]);
});

test('of a page of the catalog that is refused the odd server only is left without its details', async () => {
  const servers = ['vm-1', 'vm-2', 'vm-3'].map((vmId) => ({
    ...unreadableServer({ vmId, name: `name of ${vmId}` }, ''),
    findings: [],
    host: vmId === 'vm-2' ? 'odd' : 'fine',
  }));
  refuses = (verb, body) => verb === 'catalog' && JSON.stringify(body).includes('"odd"');
  const importing = taskSchema.parse({ kind: 'import-catalog', id: 'task-2', fence: 1, leaseSeconds: 5 });
  await performWith(importing, {
    inventory: async function* () {
      yield servers;
    },
  });
  const stored = told.flatMap(({ verb, body }) => (verb === 'catalog' ? (body.servers as CatalogServer[]) : []));
  expect(stored.map(({ name, host, findings }) => [name, host, findings.map(({ code }) => code)])).toEqual([
    ['name of vm-1', 'fine', []],
    ['name of vm-2', '', ['not-readable']],
    ['name of vm-3', 'fine', []],
  ]);
  expect(settled()).toEqual([{ ok: true, result: null }]);
});

test('the end of the work is told when the console is back, however often it did not answer; no claim comes before', async () => {
  away = 10;
  const performed = perform(async () => ({ power: 'off', note: null }));
  await expect.poll(() => away, { interval: 5, timeout: 30_000 }).toBeLessThan(9);
  let told = false;
  const claimable = link.endsAreTold(new AbortController().signal).then(() => {
    told = settled().length === 1;
  });
  away = Math.min(away, 2);
  await performed;
  await claimable;
  expect(settled()).toEqual([{ ok: true, result: { power: 'off', note: null } }]);
  expect(told).toBe(true);
});

test('a lease is measured from when it was asked for: a late answer makes it no longer', async () => {
  vi.useFakeTimers();
  try {
    const later = <T>(milliseconds: number, what: () => T) =>
      new Promise<T>((resolve, reject) => {
        setTimeout(() => {
          try {
            resolve(what());
          } catch (error) {
            reject(error);
          }
        }, milliseconds);
      });
    let extensions = 0;
    const call = (verb: string) => {
      if (verb !== 'extend') return Promise.resolve({});
      extensions += 1;
      return extensions === 1
        ? later(3_000, () => ({ go: true, reason: null, bytesPerSecond: null }))
        : later(20_000, () => {
            throw faultError('connector-lost');
          });
    };
    let stopped = false;
    const source: Partial<Source> = {
      setPower: (_vm, _action, _options, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            stopped = true;
            reject(signal.reason);
          });
        }),
    };
    const working = performTask(
      { ...task, leaseSeconds: 4 },
      {
        link: { call } as unknown as Link,
        source: source as Source,
        targets,
        log: () => undefined,
        bandwidth: new Bandwidth(),
        rates: new Map(),
        signal: new AbortController().signal,
      },
    );
    // Asked for in the first second and answered in the fourth: at the end of the fifth another may hold it.
    await vi.advanceTimersByTimeAsync(4_800);
    expect(extensions).toBeGreaterThan(0);
    expect(stopped).toBe(true);
    await vi.advanceTimersByTimeAsync(30_000);
    await working;
  } finally {
    vi.useRealTimers();
  }
});

/** The connector is told to stop while the work is under way, which ends with this error. */
async function performAndStop(error: (signal: AbortSignal) => unknown): Promise<void> {
  const stop = new AbortController();
  await performWith(
    task,
    {
      setPower: async (_vmId, _action, _options, signal) => {
        stop.abort(new Error('SIGTERM'));
        throw error(signal);
      },
    },
    stop.signal,
  );
}

test.each([
  ['because of the stop', (signal: AbortSignal) => signal.reason],
  ['while the console was away', () => faultError('connector-lost')],
  ['at a fault of its own', () => faultError('vcenter-fault')],
])('work that ended %s is given back by a connector that stops, and not called a failure', async (_how, error) => {
  await performAndStop(error);
  expect(told).toEqual([{ verb: 'give-back', body: { taskId: 'task-1', fence: 7 } }]);
  expect(warned).toEqual([]);
});

test('work is given back once more to a console that did not answer', async () => {
  away = 1;
  await performAndStop((signal) => signal.reason);
  expect(told.map(({ verb }) => verb)).toEqual(['give-back']);
});

test('a console that refuses the work, or never answers, holds up no stop; the lease is not extended meanwhile', async () => {
  refuses = (verb) => verb === 'give-back';
  await performAndStop((signal) => signal.reason);
  expect(told).toEqual([]);
  expect(warned).toEqual([expect.stringContaining('Could not give task-1 back')]);
  refuses = () => false;
  silent = (verb) => verb === 'give-back';
  const began = performance.now();
  await performAndStop((signal) => signal.reason);
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(told.map(({ verb }) => verb)).toEqual(['give-back']);
});
