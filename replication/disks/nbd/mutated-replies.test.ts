// A good server whose replies are changed on the way, in every place that is not content: whatever comes of it, every
// call of the client ends in time, with a fault or with the right bytes.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FaultError } from '../../model/fault.ts';
import { pretendDisk } from '../testing-pretend-disk.ts';
import { ALLOCATION, type NbdOptions, openNbdDisk } from './nbd-disk.ts';
import { COMMAND } from './protocol.ts';
import { chunk, errorOf, info, type Script, serveNbd, statusOf, type TestingServer } from './testing-server.ts';

const never = new AbortController().signal;
const SECTORS = 8;
const bytes = pretendDisk(5, SECTORS * 512);
/** Scaled: what takes seconds or minutes in the field. */
const LIMITS: NbdOptions = {
  connectTimeoutMs: 400,
  silenceTimeoutMs: 400,
  answerTimeoutMs: 500,
  statusTimeoutMs: 700,
  contexts: [ALLOCATION],
};
/** By far more than all limits together: who waits still waits for nothing. */
const STILL_WAITS_MS = 30_000;
const FAULTS = ['nbd-unreachable', 'nbd-refused', 'nbd-invalid', 'export-cut', 'disk-read-failed', 'disk-unsupported'];

/** What is done to the stream from the server to the client, at its byte number `at`. */
type Mutation = { at: number } & (
  | { kind: 'set'; with: number[] }
  | { kind: 'insert'; with: number[] }
  | { kind: 'remove'; count: number }
  | { kind: 'again'; count: number }
  | { kind: 'cut' | 'reset' | 'stall' | 'drip' | 'chatter' }
);

let server: TestingServer;
let proxy: Server;
let port: number;
let nextMutation: Mutation | undefined;
let transcript: Buffer[] = [];
const sockets = new Set<Socket>();

const offer = info(BigInt(bytes.length), [1, 512, 1024]);
const script: Script = { option: (option) => (option === 7 ? offer : undefined) };

beforeAll(async () => {
  server = await serveNbd(bytes, script);
  proxy = createServer((client) => pass(client, nextMutation));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  port = (proxy.address() as AddressInfo).port;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  proxy.close();
  await server.close();
});

function pass(client: Socket, mutation: Mutation | undefined): void {
  if (!('host' in server.endpoint.address)) throw new Error('the server has no port');
  const upstream = connect(server.endpoint.address.port, '127.0.0.1');
  for (const socket of [client, upstream]) {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      client.destroy();
      upstream.destroy();
      sockets.delete(socket);
    });
  }
  client.on('data', (data) => upstream.write(data));
  const send = mutation ? mutate(client, mutation) : (data: Buffer) => void client.write(data);
  upstream.on('data', (data) => {
    if (!mutation) transcript.push(data);
    send(data);
  });
}

/** Sends on what it is given, changed at one place. */
function mutate(client: Socket, mutation: Mutation): (data: Buffer) => void {
  let seen = 0;
  let kept: Buffer = Buffer.alloc(0);
  let slow: Promise<unknown> | undefined;
  const dripping = async (data: Buffer) => {
    for (const byte of data) {
      if (client.destroyed) return;
      client.write(Buffer.from([byte]));
      await sleep(20);
    }
  };
  const chattering = async (data: Buffer) => {
    while (!client.destroyed) {
      client.write(data);
      await sleep(20);
    }
  };
  return (data) => {
    const place = mutation.at - seen;
    seen += data.length;
    if (slow) {
      if (mutation.kind === 'drip') slow = slow.then(() => dripping(data));
      return;
    }
    if (place >= data.length || place < 0) {
      // What is taken out may go over into the next piece.
      kept = place < 0 ? Buffer.alloc(0) : data;
      client.write(data);
      return;
    }
    const before = data.subarray(0, place);
    const after = data.subarray(place);
    const put = (...parts: Uint8Array[]) => void client.write(Buffer.concat(parts));
    if (mutation.kind === 'set') put(before, Buffer.from(mutation.with), after.subarray(mutation.with.length));
    else if (mutation.kind === 'insert') put(before, Buffer.from(mutation.with), after);
    else if (mutation.kind === 'remove') put(before, after.subarray(mutation.count));
    else if (mutation.kind === 'again') put(before, Buffer.concat([kept, before]).subarray(-mutation.count), after);
    else {
      put(before);
      if (mutation.kind === 'cut') client.end();
      else if (mutation.kind === 'reset') client.resetAndDestroy();
      else if (mutation.kind === 'drip') slow = dripping(after);
      else if (mutation.kind === 'chatter') slow = chattering(after);
      else slow = Promise.resolve();
    }
  };
}

/** Everything that is asked of a disk. Answers with the first fault, and with all bytes that it was given. */
async function session(at: number, options: NbdOptions = LIMITS): Promise<{ fault?: FaultError; wrong: number }> {
  const endpoint = { address: { host: '127.0.0.1', port: at }, exportName: 'disk', tls: false };
  let wrong = 0;
  const check = (offset: number, read: Uint8Array) => {
    for (let index = 0; index < read.length; index += 1) if (read[index] !== bytes[offset + index]) wrong += 1;
  };
  try {
    const disk = await openNbdDisk(endpoint, options, never);
    try {
      let extents = 0;
      for await (const _ of disk.contexts.has(ALLOCATION) ? disk.status(ALLOCATION, never) : []) extents += 1;
      expect(extents).toBeLessThan(10_000);
      for (let sector = 0; sector < Math.min(SECTORS, disk.capacityBytes / 512); sector += 1) {
        check(sector * 512, await disk.read(sector * 512, 512, never));
      }
      const size = Math.min(disk.capacityBytes, bytes.length);
      const half = Math.floor(size / 1024) * 512;
      const both = await Promise.all([disk.read(0, half, never), disk.read(half, size - half, never)]);
      check(0, both[0]);
      check(half, both[1]);
    } finally {
      await disk.close();
    }
    return { wrong };
  } catch (fault) {
    if (!(fault instanceof FaultError)) throw fault;
    return { fault, wrong };
  }
}

async function inTime<Result>(what: Promise<Result>, about: unknown): Promise<Result> {
  const over = new AbortController();
  const late = sleep(STILL_WAITS_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`still waiting: ${JSON.stringify(about)}`);
  });
  late.catch(() => undefined);
  return Promise.race([what, late]).finally(() => over.abort());
}

/** The places of a whole session that are no content of the disk. */
async function places(): Promise<number[]> {
  transcript = [];
  nextMutation = undefined;
  const patient: NbdOptions = { contexts: [ALLOCATION] };
  expect(await session(port, patient)).toEqual({ wrong: 0 });
  const stream = Buffer.concat(transcript);
  const isContent = new Uint8Array(stream.length);
  for (let at = 0; at < bytes.length; at += 512) {
    const sector = bytes.subarray(at, at + 512);
    let found = stream.indexOf(sector);
    for (; found >= 0; found = stream.indexOf(sector, found + 512)) isContent.fill(1, found, found + 512);
  }
  return [...stream.keys()].filter((at) => !isContent[at]);
}

it('every call ends in time, with a fault or the right bytes, whatever is done to the replies', async () => {
  const where = await places();
  expect(where.length).toBeGreaterThan(300);
  const byte = fc.nat(255);
  // Numbers that lengths, cookies, magics, flags and types may be mistaken for, in the widths of the protocol.
  const number = fc.constantFrom(
    ...['00000000', '00000001', '00000006', '0000000c', 'ffffffff', '7fffffff', '80000001', '80000000', '00001006'],
    ...['0000000000000000', '0000000000000001', 'ffffffffffffffff', '001fffffffffffff', '0010000000000000'],
    ...['67446698', '668e33ef', '0003e889045565a9', '0001', '8001', '8002', '0005', '0003', 'ffff'],
  );
  const put = fc.oneof(
    fc.array(byte, { minLength: 1, maxLength: 9 }),
    number.map((hex) => [...Buffer.from(hex, 'hex')]),
  );
  const at = fc.constantFrom(...where);
  const mutation: fc.Arbitrary<Mutation> = fc.oneof(
    { weight: 8, arbitrary: fc.record({ at, kind: fc.constant('set' as const), with: put }) },
    { weight: 2, arbitrary: fc.record({ at, kind: fc.constant('insert' as const), with: put }) },
    {
      weight: 2,
      arbitrary: fc.record({ at, kind: fc.constant('remove' as const), count: fc.integer({ min: 1, max: 40 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ at, kind: fc.constant('again' as const), count: fc.integer({ min: 1, max: 600 }) }),
    },
    { weight: 4, arbitrary: fc.record({ at, kind: fc.constantFrom('cut', 'reset', 'stall', 'drip', 'chatter') }) },
  );
  const property = fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 12 }), async (mutations) => {
    // The proxy takes the mutation at hand when the connection comes, so they are begun one after the other.
    const going: Promise<[Mutation, Awaited<ReturnType<typeof session>>]>[] = [];
    for (const each of mutations) {
      nextMutation = each;
      const accepted = once(proxy, 'connection');
      going.push(inTime(session(port), each).then((outcome) => [each, outcome]));
      await accepted;
    }
    for (const [each, { fault, wrong }] of await Promise.all(going)) {
      // Bytes put over a header may reach into the content behind it, and nobody can tell.
      const reaches = each.kind === 'set' && each.with.some((_, index) => !where.includes(each.at + index));
      if (!reaches && !fault) expect({ each, wrong }).toEqual({ each, wrong: 0 });
      if (fault) expect(FAULTS, JSON.stringify(each)).toContain(fault.fault.code);
    }
  });
  await fc.assert(property, { numRuns: 25, endOnFailure: true });
}, 240_000);

it('a server that talks without an end to its answer is given up', async () => {
  const forever = (send: (data: Buffer) => void, data: Buffer) => {
    const timer = setInterval(() => send(data), 20);
    timer.unref();
    timers.push(timer);
  };
  const timers: NodeJS.Timeout[] = [];
  const scripts: Record<string, Script['request']> = {
    'errors, none of them the last': ({ type, cookie }, send) => {
      if (type !== COMMAND.read) return undefined;
      forever(send, chunk(cookie, 0x8001, errorOf(5), false));
      return 'nothing';
    },
    'the status of another context': ({ type, cookie }, send) => {
      if (type !== COMMAND.blockStatus) return undefined;
      forever(send, chunk(cookie, 5, statusOf(77, [512, 0]), false));
      return 'nothing';
    },
    'a byte of status in each answer': ({ type, cookie }, send) => {
      if (type !== COMMAND.blockStatus) return undefined;
      setTimeout(() => send(chunk(cookie, 5, statusOf(1, [1, cookie % 2n === 0n ? 0 : 3]))), 5);
      return 'nothing';
    },
  };
  for (const [name, request] of Object.entries(scripts)) {
    const talking = await serveNbd(bytes, { ...script, request });
    if (!('host' in talking.endpoint.address)) throw new Error('the server has no port');
    const outcome = await inTime(session(talking.endpoint.address.port, { ...LIMITS, connectTimeoutMs: 15_000 }), name);
    expect(outcome.fault?.fault, name).toMatchObject({ code: 'export-cut', message: /took too long over an answer/ });
    for (const timer of timers.splice(0)) clearInterval(timer);
    await talking.close();
  }
}, 120_000);

it('what came behind the handshake unasked fails the first call too, however early it was made', async () => {
  const talking = await serveNbd(bytes, {
    option: (option) => (option === 7 ? Buffer.concat([offer, Buffer.alloc(16, 1)]) : undefined),
  });
  const options = { contexts: [ALLOCATION], answerTimeoutMs: 25_000 };
  for (let times = 0; times < 5; times += 1) {
    const disk = await openNbdDisk(talking.endpoint, options, never);
    await expect(inTime(disk.read(0, 512, never), times)).rejects.toMatchObject({ fault: { code: 'nbd-invalid' } });
    await disk.close();
  }
  await talking.close();
}, 120_000);
