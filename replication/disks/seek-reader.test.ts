import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Extent, indexesOf, widenToBlocks } from '../model/extent.ts';
import { faultError } from '../model/fault.ts';
import { DISK_BLOCK_BYTES } from './block.ts';
import { assemble, blocksOf, describeDiskReader, readAll, same } from './contract.ts';
import { createMemorySeekable } from './memory/memory-disk.ts';
import type { SeekableDisk } from './reader.ts';
import { openSeekReader } from './seek-reader.ts';
import { pretendDisk } from './testing-pretend-disk.ts';
import { withReadRetry } from './with-retry.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;

describeDiskReader('seek reader', async (bytes) => {
  let released = false;
  const disk = createMemorySeekable(bytes);
  const close = () => {
    released = true;
    return disk.close();
  };
  return { reader: openSeekReader({ ...disk, close }, { largestRead: MiB }), released: () => released };
});

/** A disk of which each request ends when the test lets it. */
function heldDisk(capacityBytes: number) {
  const held: { offset: number; length: number; finish: (bytes?: Uint8Array<ArrayBufferLike>) => void }[] = [];
  const state = { closed: false, most: 0 };
  const disk: SeekableDisk = {
    capacityBytes,
    read: (offset, length, signal) =>
      new Promise((resolve, reject) => {
        const one = {
          offset,
          length,
          finish: (bytes: Uint8Array = new Uint8Array(length).fill(1 + offset / DISK_BLOCK_BYTES)) => {
            held.splice(held.indexOf(one), 1);
            resolve(bytes);
          },
        };
        held.push(one);
        state.most = Math.max(state.most, held.length);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
    async close() {
      state.closed = true;
    },
  };
  return { disk, held, state };
}

describe('a seek reader', () => {
  it('reads the blocks of its extents, whole, and no other byte', async () => {
    const shape = fc.record({
      seed: fc.nat(),
      sectors: fc.integer({ min: 1, max: 12_000 }),
      cuts: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 3 * MiB })), { maxLength: 5 }),
      inFlight: fc.integer({ min: 1, max: 5 }),
      largestRead: fc.integer({ min: 1, max: 5 }).map((blocks) => blocks * DISK_BLOCK_BYTES),
    });
    const body = async ({
      seed,
      sectors,
      cuts,
      inFlight,
      largestRead,
    }: typeof shape extends fc.Arbitrary<infer T> ? T : never) => {
      const bytes = pretendDisk(seed, sectors * 512);
      const extents = cuts.map(([start, size]): Extent => {
        const offset = start % bytes.length;
        return { offset, length: Math.min(size, bytes.length - offset) };
      });
      const widened = widenToBlocks(extents, bytes.length);
      const asked: Extent[] = [];
      const memory = createMemorySeekable(bytes);
      const disk: SeekableDisk = {
        ...memory,
        read(offset, length, signal) {
          asked.push({ offset, length });
          return memory.read(offset, length, signal);
        },
      };
      const reader = openSeekReader(disk, { extents, inFlight, largestRead });
      const blocks = await readAll(reader);
      const indexes = [...indexesOf(widened)];
      const expected = blocksOf(bytes).filter((block) => indexes.includes(block.index));
      const yielded = reader.skipsZeros ? expected.filter((block) => block.data) : expected;
      expect(blocks.map((block) => block.index)).toEqual(yielded.map((block) => block.index));
      for (const [at, block] of blocks.entries()) {
        expect(Buffer.from(block.digest).equals(yielded[at]!.digest)).toBe(true);
        expect(block.data === null || same(block.data, yielded[at]!.data!)).toBe(true);
      }
      expect(widenToBlocks(asked, bytes.length)).toEqual(widened);
      expect(reader.bytesRead).toBe(widened.reduce((sum, { length }) => sum + length, 0));
      expect(asked.every(({ length }) => length <= largestRead)).toBe(true);
      expect(asked.length).toBe(widened.reduce((sum, { length }) => sum + Math.ceil(length / largestRead), 0));

      const allocated = openSeekReader(createMemorySeekable(bytes), {
        extents: allocatedOf(bytes),
        restIsZeros: true,
        inFlight,
        largestRead,
      });
      expect(allocated.skipsZeros).toBe(true);
      expect(same(assemble(await readAll(allocated), bytes.length), bytes)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(shape, body), { numRuns: 40, verbose: 1 });
  }, 90_000);

  it('has a bounded number of requests under way, yields in order however they end, and waits while nobody asks', async () => {
    const { disk, held, state } = heldDisk(40 * MiB);
    const blocks = openSeekReader(disk, { inFlight: 3, largestRead: MiB }).blocks(never)[Symbol.asyncIterator]();
    const first = blocks.next();
    expect(held.map((one) => one.offset)).toEqual([0, MiB, 2 * MiB]);
    held[2]!.finish();
    held[1]!.finish();
    held[0]!.finish();
    const order = [(await first).value!.index];
    expect(held.length).toBe(0);
    for (let count = 0; count < 5; count += 1) {
      const next = blocks.next();
      for (const one of [...held].reverse()) one.finish();
      order.push((await next).value!.index);
    }
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(state.most).toBeLessThanOrEqual(3);
    await blocks.return!();
    expect(state.closed).toBe(true);
  });

  it('stops its requests by the signal and by close, also while it waits', async () => {
    for (const how of ['signal', 'close'] as const) {
      const { disk, state } = heldDisk(40 * MiB);
      const stop = new AbortController();
      const reader = openSeekReader(disk);
      const reading = expect(readAll(reader, stop.signal)).rejects.toThrow(how === 'signal' ? 'enough' : /closed/);
      if (how === 'signal') stop.abort(new Error('enough'));
      else await reader.close();
      await reading;
      expect(state.closed).toBe(true);
    }
  });

  it('refuses an answer of another length, and extents of another disk', async () => {
    const { disk, held } = heldDisk(4 * MiB);
    const reading = expect(readAll(openSeekReader(disk))).rejects.toThrow(/100 bytes at 0 .* instead of 2097152/);
    held[0]!.finish(new Uint8Array(100));
    await reading;
    expect(() => openSeekReader(disk, { extents: [{ offset: 4 * MiB - 512, length: 1024 }] })).toThrow(RangeError);
    expect(() => openSeekReader(disk, { largestRead: 700_000 })).toThrow(RangeError);
  });

  it('goes on where one read fails and the disk is wrapped to try again', async () => {
    const bytes = pretendDisk(11, 5 * MiB);
    const memory = createMemorySeekable(bytes);
    let calls = 0;
    const flaky: SeekableDisk = {
      ...memory,
      read(offset, length, signal) {
        calls += 1;
        if (calls % 2 === 1) return Promise.reject(faultError('export-cut'));
        return memory.read(offset, length, signal);
      },
    };
    const reader = openSeekReader(withReadRetry(flaky, { sleep: async () => undefined }), { inFlight: 1 });
    expect(same(assemble(await readAll(reader), bytes.length), bytes)).toBe(true);
    expect(calls).toBe(6);
  });
});

/** Stretches that hold anything, cut at any byte that is not zero. */
function allocatedOf(bytes: Uint8Array): Extent[] {
  const extents: Extent[] = [];
  for (let offset = 0; offset < bytes.length; offset += 4096) {
    const length = Math.min(4096, bytes.length - offset);
    if (bytes.subarray(offset, offset + length).some((byte) => byte !== 0)) extents.push({ offset, length });
  }
  return extents;
}
