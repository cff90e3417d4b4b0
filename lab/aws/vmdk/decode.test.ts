import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeVmdk } from './decode.ts';
import { writeVmdk } from './testing-write.ts';

const grain = 65536;

async function decode(file: Buffer, pieceLength = 100_000): Promise<Buffer> {
  let disk = Buffer.alloc(0);
  const pieces = async function* () {
    for (let at = 0; at < file.length; at += pieceLength) yield file.subarray(at, at + pieceLength);
  };
  await decodeVmdk(pieces(), {
    begin(capacity) {
      disk = Buffer.alloc(capacity);
    },
    async write(offset, bytes) {
      bytes.copy(disk, offset);
    },
  });
  return disk;
}

/** A disk of `sectors`, with bytes in some places. */
function diskOf(sectors: number, writes: [number, number][]): Buffer {
  const disk = Buffer.alloc(sectors * 512);
  for (const [at, seed] of writes) {
    const start = Math.min(disk.length - 1, Math.floor(at * disk.length));
    for (let i = 0; i < 5000 && start + i < disk.length; i += 1) disk[start + i] = ((i * 31 + seed) % 255) + 1;
  }
  return disk;
}

const layouts = ['front', 'end'] as const;

describe('decoding a stream-optimized VMDK', () => {
  test('gives back random sparse disks in both layouts, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...layouts),
        fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 60_000, max: 70_000 })),
        fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), { maxLength: 5 }),
        fc.integer({ min: 500, max: 200_000 }),
        async (layout, sectors, writes, pieceLength) => {
          const disk = diskOf(sectors, writes);
          const decoded = await decode(writeVmdk(disk, { layout }), pieceLength);
          expect(decoded.equals(disk)).toBe(true);
        },
      ),
      { numRuns: 25, verbose: 1 },
    );
  });

  test.each(layouts)('takes grains in any order (%s)', async (layout) => {
    const disk = diskOf(70_000, [
      [0, 1],
      [0.4, 2],
      [0.9, 3],
    ]);
    const file = writeVmdk(disk, { layout, order: (grains) => [...grains].reverse() });
    expect((await decode(file)).equals(disk)).toBe(true);
  });

  test('reads nothing after the end marker', async () => {
    const disk = diskOf(1000, [[0.5, 9]]);
    const file = Buffer.concat([writeVmdk(disk, { layout: 'front' }), Buffer.alloc(4096, 0xff)]);
    expect((await decode(file)).equals(disk)).toBe(true);
  });

  test('needs no end marker where the tables in front show that nothing is missing, as in a full disk of qemu-img', async () => {
    const disk = diskOf(1000, [[0.5, 9]]);
    const file = writeVmdk(disk, { layout: 'front' }).subarray(0, -512);
    expect((await decode(file)).equals(disk)).toBe(true);
  });

  test('hands out one grain at a time, so that memory does not grow with the disk', async () => {
    const disk = Buffer.alloc(40 * grain, 7);
    const file = writeVmdk(disk, { layout: 'end' });
    let given = 0;
    let ahead = 0;
    const pieces = async function* () {
      for (let at = 0; at < file.length; at += 512) {
        given = at + 512;
        yield file.subarray(at, at + 512);
      }
    };
    await decodeVmdk(pieces(), { begin: () => {}, write: async () => {} }, (consumed) => {
      ahead = Math.max(ahead, given - consumed);
    });
    expect(ahead).toBeLessThanOrEqual(512);
  });
});

describe('refusing what VM Import refuses', () => {
  const disk = diskOf(4000, [
    [0, 1],
    [0.6, 2],
  ]);
  const good = (layout: 'front' | 'end' = 'end') => writeVmdk(disk, { layout });
  const unsupported = 'ClientError: Disk validation failed [Unsupported VMDK File Format]';

  const changed = (file: Buffer, change: (bytes: Buffer) => unknown) => {
    const copy = Buffer.from(file);
    change(copy);
    return copy;
  };
  /** Where the first grain marker stands. */
  const firstGrain = (file: Buffer) => Number(file.readBigUInt64LE(64)) * 512;
  /** Where the last grain marker stands: the end marker is one sector, and the last grain of this disk is another. */
  const lastGrain = (file: Buffer) => file.length - 1024;
  const footerAt = (file: Buffer) => file.length - 1024;

  const cases: [string, () => Buffer, string | RegExp][] = [
    ['no VMDK at all', () => Buffer.alloc(5000, 1), unsupported],
    [
      'another kind of VMDK by its descriptor',
      () => writeVmdk(disk, { layout: 'front', createType: 'monolithicSparse' }),
      unsupported,
    ],
    ['a sparse extent without compression', () => changed(good(), (bytes) => bytes.writeUInt32LE(3, 8)), unsupported],
    ['a file that lost carriage returns', () => changed(good(), (bytes) => bytes.write('\n\n\n\n', 73)), /text mode/],
    ['a file cut in the middle', () => good().subarray(0, good().length / 2), /Unexpected end of file/],
    ['a file without its end marker', () => good('end').subarray(0, -512), /Unexpected end of file/],
    [
      'a file that lacks its last grain',
      () => good('front').subarray(0, lastGrain(good('front'))),
      /Unexpected end of file/,
    ],
    [
      'damaged compressed data',
      () => changed(good(), (bytes) => bytes.fill(0xff, firstGrain(bytes) + 14, firstGrain(bytes) + 60)),
      /damaged/,
    ],
    [
      'a footer of another disk',
      () => changed(good(), (bytes) => bytes.writeBigUInt64LE(9999n, footerAt(bytes) + 12)),
      'ClientError: Footers not identical',
    ],
    [
      'a footer that leads nowhere',
      () => changed(good(), (bytes) => bytes.writeBigUInt64LE(7n, footerAt(bytes) + 56)),
      /no grain directory/,
    ],
    [
      'a grain beyond the end of the disk',
      () => changed(good(), (bytes) => bytes.writeBigUInt64LE(128000n, firstGrain(bytes))),
      /outside of the disk/,
    ],
    [
      'a grain that is not where the table says',
      () => changed(good('front'), (bytes) => bytes.writeBigUInt64LE(256n, firstGrain(bytes))),
      /grain table does not agree/,
    ],
    [
      'the same grain twice',
      () => writeVmdk(disk, { layout: 'front', order: ([first = 0, ...rest]) => [first, first, ...rest] }),
      /stands twice/,
    ],
  ];

  test.each(cases)('%s', async (_, make, message) => {
    await expect(decode(make())).rejects.toThrow(message);
  });
});
