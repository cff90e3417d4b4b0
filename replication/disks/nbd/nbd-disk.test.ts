// Answers to reads that are wrong, late, cut or errors. What is right, peers/nbd.test.ts shows.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ALLOCATION } from './nbd-disk.ts';
import { CHUNK, COMMAND, OPTION, REFUSAL } from './protocol.ts';
import { DISK, faultOf, never, open } from './testing-disk.ts';
import {
  chunk,
  dataAt,
  errorOf,
  holeAt,
  info,
  optionReply,
  type Script,
  type SeenRequest,
  simpleReply,
  statusOf,
} from './testing-server.ts';

const MiB = 1024 * 1024;

const onRead = (answer: (request: SeenRequest) => ReturnType<NonNullable<Script['request']>>): Script => ({
  request: (request) => (request.type === COMMAND.read ? answer(request) : undefined),
});

describe('reading', () => {
  const bytesOf = (from: number, to: number) => Buffer.from(DISK.subarray(from, to));

  it('takes bytes and holes in any order and number', async () => {
    let current: number[] = [];
    const { disk } = await open(onRead((request) => chopped(request, current)));
    const property = fc.asyncProperty(
      fc.nat(MiB - 1),
      fc.integer({ min: 1, max: 9_000 }),
      fc.array(fc.nat(9_000), { maxLength: 12 }),
      async (offset, wanted, where) => {
        current = where;
        const length = Math.min(wanted, MiB - offset);
        expect(Buffer.compare(await disk.read(offset, length, never), bytesOf(offset, offset + length))).toBe(0);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  it('heeds the block sizes: begins and ends even, asks for no more than the maximum, cuts at preferred places', async () => {
    const sizes = info(BigInt(MiB), [4096, 65_536, 200_704]);
    const { disk, server } = await open({ option: (seen) => (seen === OPTION.go ? sizes : undefined) });
    expect(disk.blockSizes).toEqual({ minimum: 4096, preferred: 65_536, maximum: 200_704 });
    expect(Buffer.compare(await disk.read(5_000, 500_000, never), bytesOf(5_000, 505_000))).toBe(0);
    const asked = server.requests.map(({ offset, length }) => [offset, length]);
    expect(asked).toEqual([
      [4096, 192_512],
      [196_608, 196_608],
      [393_216, 114_688],
    ]);
  });

  it('reads from a server without structured replies', async () => {
    const { disk } = await open(
      {
        option: (seen) => (seen === OPTION.structuredReply ? optionReply(seen, REFUSAL.unsupported) : undefined),
        request: ({ cookie, offset, length }) =>
          offset === 0 ? simpleReply(cookie, 5) : simpleReply(cookie, 0, bytesOf(offset, offset + length)),
      },
      { contexts: [ALLOCATION] },
    );
    expect([...disk.contexts]).toEqual([]);
    expect(Buffer.compare(await disk.read(512, 70_000, never), bytesOf(512, 70_512))).toBe(0);
    expect(await faultOf(disk.read(0, 512, never))).toMatchObject({ code: 'disk-read-failed', message: /EIO/ });
  });

  it.each<[string, (request: SeenRequest) => Buffer | 'close', string, RegExp]>([
    ['an end', () => 'close', 'export-cut', /closed the connection/],
    [
      'half an answer',
      (r) => Buffer.concat([chunk(r.cookie, CHUNK.data, dataAt(0, bytesOf(0, 100))), Buffer.alloc(8)]),
      'nbd-invalid',
      /only in part/,
    ],
    ['wrong magic', () => Buffer.alloc(20, 7), 'nbd-invalid', /07070707/],
    ['an unknown handle', (r) => chunk(r.cookie + 9n, CHUNK.none), 'nbd-invalid', /not under way/],
    ['nothing of the disk', (r) => chunk(r.cookie, CHUNK.none), 'nbd-invalid', /only in part/],
    ['an empty chunk with bytes', (r) => chunk(r.cookie, CHUNK.none, Buffer.alloc(4)), 'nbd-invalid', /empty chunk/],
    [
      'a gap',
      (r) =>
        Buffer.concat([
          chunk(r.cookie, CHUNK.data, dataAt(0, bytesOf(0, 512)), false),
          chunk(r.cookie, CHUNK.hole, holeAt(1024, 3072)),
        ]),
      'nbd-invalid',
      /only in part/,
    ],
    [
      'bytes twice',
      (r) =>
        Buffer.concat([
          chunk(r.cookie, CHUNK.data, dataAt(0, bytesOf(0, 4096)), false),
          chunk(r.cookie, CHUNK.hole, holeAt(4095, 1)),
        ]),
      'nbd-invalid',
      /twice/,
    ],
    [
      'bytes of elsewhere',
      (r) => chunk(r.cookie, CHUNK.data, dataAt(4096, bytesOf(0, 4096))),
      'nbd-invalid',
      /sent 4096 bytes at 4096/,
    ],
    ['more bytes', (r) => chunk(r.cookie, CHUNK.hole, holeAt(0, 4097)), 'nbd-invalid', /sent 4097 bytes/],
    [
      'an endless chunk',
      (r) => chunk(r.cookie, CHUNK.data, dataAt(0, bytesOf(0, 512))).fill(255, 16, 20),
      'nbd-invalid',
      /sent 4294967287 bytes/,
    ],
    [
      'a chunk of another kind',
      (r) => chunk(r.cookie, CHUNK.blockStatus, statusOf(1, [512, 0])),
      'nbd-invalid',
      /type 5/,
    ],
    ['a simple reply', (r) => simpleReply(r.cookie, 0, bytesOf(0, 4096)), 'nbd-invalid', /simple reply/],
    ['an error that is none', (r) => chunk(r.cookie, 0x8001, errorOf(0)), 'nbd-invalid', /error that is none/],
    ['an error that is cut', (r) => chunk(r.cookie, 0x8001, Buffer.alloc(3)), 'nbd-invalid', /error in 3 bytes/],
  ])('ends for good at %s', async (_name, answer, code, message) => {
    const { disk, server } = await open(onRead(answer));
    const expected = { code, message: expect.stringMatching(message) };
    const [first, second] = [disk.read(0, 4096, never), disk.read(8192, 4096, never)];
    expect(await faultOf(first)).toMatchObject(expected);
    expect(await faultOf(second)).toMatchObject(expected);
    expect(await faultOf(disk.read(0, 4096, never))).toMatchObject(expected);
    await expect.poll(server.open).toBe(0);
  });

  it.each([
    [5, 'disk-read-failed', /EIO/, 'now'],
    [12, 'disk-read-failed', /ENOMEM/, 'now'],
    [22, 'disk-read-failed', /EINVAL/, 'later'],
    [108, 'export-cut', /ESHUTDOWN/, 'now'],
    [4711, 'disk-read-failed', /error 4711/, 'later'],
  ] as const)('goes on after error %s', async (errno, code, message, retry) => {
    const { disk } = await open(
      onRead(({ cookie, offset, length }) => {
        if (offset > 0) return undefined;
        const data = chunk(cookie, CHUNK.data, dataAt(0, bytesOf(0, 512)), false);
        const error = chunk(cookie, length > 4096 ? 0x8002 : 0x8005, errorOf(errno, 'bad sector'), false);
        return Buffer.concat([data, error, chunk(cookie, CHUNK.none)]);
      }),
    );
    const fault = await faultOf(disk.read(0, 4096, never));
    expect(fault).toMatchObject({ code, message: expect.stringMatching(message), retry, cause: /bad sector/ });
    expect(Buffer.compare(await disk.read(512, 512, never), bytesOf(512, 1024))).toBe(0);
  });

  it('gives a server up that fell silent, but not one that has nothing to do', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { disk, server } = await open(onRead(({ offset }) => (offset === 0 ? 'nothing' : undefined)));
      await disk.read(512, 512, never);
      vi.advanceTimersByTime(3_600_000);
      await disk.read(512, 512, never);
      const reading = faultOf(disk.read(0, 512, never));
      await expect.poll(() => server.requests.length).toBe(3);
      vi.advanceTimersByTime(59_000);
      await disk.read(512, 512, never);
      vi.advanceTimersByTime(59_000);
      await disk.read(512, 512, never);
      vi.advanceTimersByTime(61_000);
      expect(await reading).toMatchObject({ code: 'export-cut', message: /fell silent/ });
      await expect.poll(server.open).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('stops one read with the reason of its signal, and reads on', async () => {
    let answer: (() => void) | undefined;
    const { disk, server } = await open(
      {
        request: ({ cookie, offset }, send) => {
          if (offset > 0) return undefined;
          answer = () => send(chunk(cookie, CHUNK.data, dataAt(0, bytesOf(0, 512))));
          return 'nothing';
        },
      },
      { inFlight: 1 },
    );
    const enough = new AbortController();
    const first = disk.read(0, 512, enough.signal);
    const waiting = disk.read(1024, 512, enough.signal);
    const other = disk.read(512, 512, never);
    await expect.poll(() => server.requests.length).toBe(1);
    enough.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await expect(waiting).rejects.toThrow('enough');
    await expect(disk.read(0, 512, enough.signal)).rejects.toThrow('enough');
    answer!();
    expect(Buffer.compare(await other, bytesOf(512, 1024))).toBe(0);
    expect(server.requests.map(({ offset }) => offset)).toEqual([0, 512]);
  });

  it('has no more requests under way than it may', async () => {
    const held: (() => void)[] = [];
    const { disk } = await open(
      {
        request: ({ cookie, offset, length }, send) => {
          held.push(() => send(chunk(cookie, CHUNK.data, dataAt(offset, bytesOf(offset, offset + length)))));
          return 'nothing';
        },
      },
      { inFlight: 3 },
    );
    const reads = Array.from({ length: 20 }, (_, index) => disk.read(index * 512, 512, never));
    for (let answered = 0; answered < 20; ) {
      await expect.poll(() => held.length).toBe(Math.min(3, 20 - answered));
      // The last one first: answers may come in any order.
      held.pop()!();
      answered += 1;
    }
    const all = Buffer.concat(await Promise.all(reads));
    expect(Buffer.compare(all, bytesOf(0, 20 * 512))).toBe(0);
  });

  it('fails what is under way when it is closed, hears the server out, and takes leave', async () => {
    let answer: (() => void) | undefined;
    const { disk, server } = await open({
      request: ({ cookie, type }, send) => {
        if (type === COMMAND.disconnect) return undefined;
        answer = () => send(chunk(cookie, CHUNK.data, dataAt(0, bytesOf(0, 512))));
        return 'nothing';
      },
    });
    const reading = faultOf(disk.read(0, 512, never));
    await expect.poll(() => server.requests.length).toBe(1);
    const closing = Promise.all([disk.close(), disk.close()]);
    expect(await reading).toMatchObject({ code: 'internal', message: /closed/ });
    expect((await faultOf(disk.read(0, 512, never))).message).toMatch(/closed/);
    expect(server.requests.length).toBe(1);
    answer!();
    await closing;
    await expect.poll(() => server.requests.map(({ type }) => type)).toEqual([COMMAND.read, COMMAND.disconnect]);
    await expect.poll(server.open).toBe(0);
  });

  it('does not wait for ever for a server that it leaves', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { disk, server } = await open(onRead(() => 'nothing'));
      const reading = faultOf(disk.read(0, 512, never));
      await expect.poll(() => server.requests.length).toBe(1);
      const closing = disk.close();
      await reading;
      vi.advanceTimersByTime(2_000);
      await closing;
      await expect.poll(server.open).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses what is no part of the disk', async () => {
    const { disk } = await open();
    await expect(disk.read(MiB - 512, 1024, never)).rejects.toThrow(RangeError);
    await expect(disk.read(-1, 1, never)).rejects.toThrow(RangeError);
    expect((await disk.read(MiB, 0, never)).length).toBe(0);
  });

  /** The right answer in pieces, the last first; those that are zeros as holes. */
  function chopped({ cookie, offset, length }: SeenRequest, where: number[]): Buffer {
    const ends = [...new Set([...where.filter((at) => at > 0 && at < length), length])].sort((a, b) => a - b);
    const pieces = ends.map((end, index) => {
      const from = offset + (ends[index - 1] ?? 0);
      const bytes = bytesOf(from, offset + end);
      const isHole = bytes.every((byte) => byte === 0);
      const data = isHole ? holeAt(from, bytes.length) : dataAt(from, bytes);
      return chunk(cookie, isHole ? CHUNK.hole : CHUNK.data, data, false);
    });
    return Buffer.concat([...pieces.reverse(), chunk(cookie, CHUNK.none)]);
  }
});
