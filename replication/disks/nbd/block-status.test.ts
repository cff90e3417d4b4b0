// Block status in pages of every length, and answers that are none. Whole maps, peers/nbd.test.ts compares.
import { describe, expect, it } from 'vitest';
import { ALLOCATION, allocatedExtents, dirtyBitmap, dirtyExtents, type StatusExtent } from './nbd-disk.ts';
import { CHUNK, COMMAND, OPTION, OPTION_REPLY } from './protocol.ts';
import { faultOf, never, open } from './testing-disk.ts';
import {
  chunk,
  errorOf,
  info,
  optionReply,
  type Script,
  type SeenRequest,
  simpleReply,
  statusOf,
} from './testing-server.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

async function collect(status: AsyncIterable<StatusExtent>): Promise<StatusExtent[]> {
  const all: StatusExtent[] = [];
  for await (const one of status) all.push(one);
  return all;
}

describe('block status', () => {
  const bitmap = dirtyBitmap('b');
  const size = 3 * GiB + 512;
  type Told = (request: SeenRequest) => Buffer;
  const telling = (told: Told): Script => ({
    option: (seen) => (seen === OPTION.go ? info(BigInt(size)) : undefined),
    request: (request) => (request.type === COMMAND.blockStatus ? told(request) : undefined),
  });

  it('asks on after short answers, cuts long ones, and merges across them', async () => {
    const answers: [number, number][][] = [
      [[MiB, 3]],
      [
        [MiB, 3],
        [MiB, 0],
      ],
      [
        [GiB, 0],
        [2 ** 32 - 512, 3],
      ],
    ];
    const told: Told = ({ cookie }) => chunk(cookie, CHUNK.blockStatus, statusOf(1, ...answers.shift()!));
    const { disk, server } = await open(telling(told), { contexts: [ALLOCATION] });
    expect(await collect(disk.status(ALLOCATION, never))).toEqual([
      { offset: 0, length: 2 * MiB, flags: 3 },
      { offset: 2 * MiB, length: MiB + GiB, flags: 0 },
      { offset: 3 * MiB + GiB, length: size - 3 * MiB - GiB, flags: 3 },
    ]);
    expect(server.requests.map(({ offset, length }) => [offset, length])).toEqual([
      [0, GiB],
      [MiB, GiB],
      [3 * MiB, GiB],
    ]);
  });

  it('gives whole blocks: a hole that promises no zeros is read, dirty ones are merged', async () => {
    const told: Told = ({ cookie, offset }) => {
      const rest = 2 ** 32 - 512;
      const allocation = statusOf(1, [MiB, 3], [512, 0], [MiB, 2], [MiB, 1], [rest, 3]);
      const dirty = statusOf(2, [1000, 0], [1, 1], [MiB, 0], [1, 1], [MiB / 2, 0], [1, 1], [rest, 0]);
      expect(offset).toBe(0);
      const first = chunk(cookie, CHUNK.blockStatus, allocation, false);
      return Buffer.concat([first, chunk(cookie, CHUNK.blockStatus, dirty)]);
    };
    const { disk } = await open(telling(told), { contexts: [ALLOCATION, bitmap] });
    expect([...disk.contexts]).toEqual([ALLOCATION, bitmap]);
    expect(await allocatedExtents(disk, never)).toEqual([
      { offset: MiB, length: MiB / 2 },
      { offset: 2 * MiB, length: 1.5 * MiB },
    ]);
    expect(await dirtyExtents(disk, 'b', never)).toEqual([
      { offset: 0, length: MiB / 2 },
      { offset: MiB, length: MiB },
    ]);
  });

  it('says when the server does not offer a context', async () => {
    const script: Script = {
      option: (seen) => (seen === OPTION.setMetaContext ? optionReply(seen, OPTION_REPLY.ack) : undefined),
    };
    const { disk } = await open(script, { contexts: [bitmap] });
    expect(disk.contexts.has(bitmap)).toBe(false);
    expect(await faultOf(dirtyExtents(disk, 'b', never))).toMatchObject({
      code: 'nbd-refused',
      message: /qemu:dirty-bitmap:b/,
    });
  });

  it.each<[string, (cookie: bigint) => Buffer, string, RegExp]>([
    ['no bytes', (cookie) => chunk(cookie, 5, statusOf(1, [0, 0])), 'nbd-invalid', /no bytes/],
    ['no extents', (cookie) => chunk(cookie, 5, statusOf(1)), 'nbd-invalid', /4 bytes/],
    ['another context', (cookie) => chunk(cookie, 5, statusOf(7, [512, 0])), 'nbd-invalid', /only in part/],
    [
      'a context twice',
      (cookie) =>
        Buffer.concat([chunk(cookie, 5, statusOf(1, [512, 0]), false), chunk(cookie, 5, statusOf(1, [512, 0]))]),
      'nbd-invalid',
      /twice/,
    ],
    ['bytes of the disk', (cookie) => chunk(cookie, 1, Buffer.alloc(520)), 'nbd-invalid', /type 1/],
    ['a simple reply', (cookie) => simpleReply(cookie, 0), 'nbd-invalid', /simple reply/],
    ['an error', (cookie) => chunk(cookie, 0x8001, errorOf(95)), 'disk-read-failed', /ENOTSUP/],
    ['a simple error', (cookie) => simpleReply(cookie, 5), 'disk-read-failed', /EIO/],
  ])('refuses %s', async (_name, told, code, message) => {
    const { disk } = await open(
      telling(({ cookie }) => told(cookie)),
      { contexts: [ALLOCATION] },
    );
    expect(await faultOf(allocatedExtents(disk, never))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
