// A connector's sessions, with a console that only answers as it is told: greeted again, overtaken, refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultCode, fault, toFault } from '../replication/model/fault.ts';
import type { ConnectorConfig } from './config.ts';
import { runConnector } from './main.ts';
import { Vault } from './vault.ts';

type Answer = { body: object } | { refusal: FaultCode };

let console: Server;
let config: ConnectorConfig;
let stop: AbortController;
let asked: { verb: string; body: Record<string, unknown> }[];
/** What each verb is answered next; without one: the ordinary answer. */
let next: Partial<Record<string, Answer[]>>;
let session: number;

beforeEach(async () => {
  asked = [];
  next = {};
  session = 0;
  stop = new AbortController();
  console = createServer(async (request, response) => {
    const verb = request.url?.split('/').at(-1) ?? '';
    const body = (await json(request)) as Record<string, unknown>;
    asked.push({ verb, body });
    const answer = next[verb]?.shift() ?? ordinary(verb);
    if ('refusal' in answer) {
      response.statusCode = answer.refusal === 'connector-refused' ? 401 : 409;
      response.end(JSON.stringify({ fault: fault(answer.refusal) }));
    } else if (verb === 'claim' && !next.claim) {
      // The long poll of a console that has no work.
      setTimeout(() => response.end(JSON.stringify(answer.body)), 50);
    } else response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => console.listen(0, '127.0.0.1', resolve));
  const dir = mkdtempSync(path.join(tmpdir(), 'landfall-connector-'));
  config = {
    dir,
    consoleUrl: `http://127.0.0.1:${(console.address() as AddressInfo).port}`,
    name: 'North',
    // Nobody listens there: vCenter is away, and that keeps nobody from greeting.
    vcenter: { url: 'https://127.0.0.1:9', user: 'u', password: 'p', fingerprint: 'AA'.repeat(32) },
    aws: {
      region: 'eu-central-1',
      bucket: 'b',
      accessKeyId: 'k',
      secretAccessKey: 's',
      endpoints: { s3: 'http://127.0.0.1:9', ec2: 'http://127.0.0.1:9', ebs: 'http://127.0.0.1:9' },
    },
    concurrency: 2,
  };
  new Vault(dir).keepToken('c-1.secret', config.consoleUrl);
});
afterEach(async () => {
  stop.abort();
  console.closeAllConnections();
  await new Promise((resolve) => console.close(resolve));
  rmSync(config.dir, { recursive: true, force: true });
});

function ordinary(verb: string): Answer {
  if (verb === 'hello') {
    session += 1;
    // Far longer than any test: whoever waits for the next report must be woken.
    return { body: { session, serverTime: new Date().toISOString(), healthEverySeconds: 600, leaseSeconds: 20 } };
  }
  return { body: verb === 'claim' ? { tasks: [], checkNow: false, bytesPerSecond: null } : {} };
}

const run = () => runConnector(config, () => undefined, stop.signal);
const ended = () =>
  run().then(
    () => 'stopped',
    (error) => toFault(error).code,
  );
const hellos = () => asked.filter(({ verb }) => verb === 'hello').map(({ body }) => body.standBy);
const sessionOfClaims = () => asked.filter(({ verb }) => verb === 'claim').map(({ body }) => body.session);

test('a session that the console no longer knows is begun again by the same process', async () => {
  next.claim = [{ refusal: 'connector-session-unknown' }];
  const running = ended();
  await expect.poll(sessionOfClaims, { timeout: 20_000 }).toContain(2);
  expect(hellos()).toEqual([false, false]);
  stop.abort();
  expect(await running).toBe('stopped');
});

test.each(['claim', 'report-health'])(
  'overtaken, as the answer to %s says, it ends whatever else it waits for, and stands by when it is started again',
  async (verb) => {
    next[verb] = [{ refusal: 'connector-superseded' }];
    expect(await ended()).toBe('connector-superseded');
    next.hello = [{ refusal: 'connector-superseded' }];
    const running = ended();
    await expect.poll(hellos, { timeout: 20_000 }).toEqual([false, true]);
    expect(sessionOfClaims().every((one) => one === 1)).toBe(true);
    stop.abort();
    await running;
  },
);

test('disassociated, it ends with what a person has to do', async () => {
  next.claim = [{ refusal: 'connector-refused' }];
  expect(await ended()).toBe('connector-refused');
});
