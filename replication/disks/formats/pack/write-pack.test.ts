import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DISK_BLOCK_BYTES, type DiskBlock, makeBlock } from '../../block.ts';
import { blocksOf, describeDiskWriter, same } from '../../contract.ts';
import { createMemoryReader, createMemoryWriter } from '../../memory/memory-disk.ts';
import { pump } from '../../pump.ts';
import type { DiskReader } from '../../reader.ts';
import { fillText, pretendDisk, seededRandom } from '../../testing-pretend-disk.ts';
import { inChunks } from '../vmdk/testing-vmdk.ts';
import { readBlockPack } from './read-pack.ts';
import { unpackByHand } from './testing-pack.ts';
import { createBlockPack, type SealedPack, type WritePackOptions } from './write-pack.ts';
import { compressOnPool } from './zstd-block.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;

function toMemory(capacityBytes: number, options: Partial<WritePackOptions> = {}) {
  const chunks: Uint8Array[] = [];
  const writer = createBlockPack({ capacityBytes, sink: async (chunk) => void chunks.push(chunk), ...options });
  return { writer, pack: () => Buffer.concat(chunks) };
}

describeDiskWriter<SealedPack>('block pack', async (capacityBytes) => {
  const { writer, pack } = toMemory(capacityBytes);
  return { writer, readBack: async () => unpackByHand(pack()).disk };
});

/** Some blocks of a disk, in an order of its own. */
function someBlocks(blocks: readonly DiskBlock[], capacityBytes: number): DiskReader {
  return {
    capacityBytes,
    ordered: false,
    skipsZeros: false,
    bytesRead: 0,
    async *blocks() {
      yield* blocks;
    },
    close: async () => undefined,
  };
}

describe('writing a block pack', () => {
  it('gives a pack that makes the frozen disk of the parent, zeros among its blocks', async () => {
    const shape = fc.record({
      seed: fc.nat(),
      sectors: fc.integer({ min: 1, max: 16_000 }),
      level: fc.constantFrom(1, 2, 3),
      inFlight: fc.integer({ min: 1, max: 6 }),
      cut: fc.integer({ min: 300, max: 700_000 }),
      label: fc.string({ maxLength: 30, unit: 'grapheme' }),
    });
    const body = async (given: typeof shape extends fc.Arbitrary<infer T> ? T : never) => {
      const frozen = pretendDisk(given.seed, given.sectors * 512);
      const random = seededRandom(given.seed);
      const left = blocksOf(frozen).filter(() => random() < 0.6);
      const blocks = left.sort(() => random() - 0.5);
      const parent = frozen.slice();
      for (const block of blocks) parent.fill(9, block.offset, block.offset + block.length);
      const { writer, pack } = toMemory(frozen.length, given);
      const { sealed } = await pump(someBlocks(blocks, frozen.length), writer, { signal: never });
      const { disk, label, indexes } = unpackByHand(pack(), parent);
      expect(same(disk, frozen)).toBe(true);
      expect(label).toBe(given.label);
      expect(new Set(indexes)).toEqual(new Set(blocks.map((block) => block.index)));
      const held = blocks.filter((block) => block.data).length;
      expect(sealed).toMatchObject({ records: blocks.length, blocks: held, bytesSent: pack().length });
      expect(sealed.sha256).toBe(pack().subarray(-32).toString('hex'));

      const { inFlight, cut } = given;
      const options = { capacityBytes: frozen.length, label: given.label, inFlight };
      const reader = await readBlockPack(inChunks(pack(), [cut]), options);
      const child = createMemoryWriter({ capacityBytes: frozen.length, parent });
      const copied = await pump(reader, child, { signal: never });
      expect(same(copied.sealed.bytes, frozen)).toBe(true);
      expect(copied.blocksDone).toBe(blocks.length);
    };
    await fc.assert(fc.asyncProperty(shape, body), { numRuns: 30, verbose: 1 });
  }, 90_000);

  it('stores what zstd does not make smaller as it is, text in a third, and zeros in 41 bytes', async () => {
    const random = randomBytes(16 * MiB);
    const text = new Uint8Array(16 * MiB);
    fillText(text, seededRandom(3));
    const size = async (bytes: Uint8Array) => {
      const { writer, pack } = toMemory(bytes.length);
      await pump(createMemoryReader(bytes, { skipsZeros: false }), writer, { signal: never });
      return { ratio: pack().length / bytes.length, kinds: new Set(unpackByHand(pack()).kinds), bytes: pack().length };
    };
    const [ofRandom, ofText, ofZeros] = [await size(random), await size(text), await size(new Uint8Array(16 * MiB))];
    expect(ofRandom.kinds).toEqual(new Set([2]));
    expect(ofRandom.ratio).toBeLessThan(1.001);
    expect(ofText.kinds).toEqual(new Set([1]));
    expect(ofText.ratio).toBeLessThan(0.34);
    expect(ofZeros.bytes).toBe(28 + 32 * 41 + 41);
  });

  it('has a block once that was written twice, also where both came at once', async () => {
    const bytes = pretendDisk(4, 4 * MiB);
    const { writer, pack } = toMemory(bytes.length, { inFlight: 2 });
    const blocks = blocksOf(bytes);
    await Promise.all([...blocks, ...blocks].map((block) => writer.write(block, never)));
    const sealed = await writer.seal(never);
    expect(sealed.records).toBe(8);
    expect(unpackByHand(pack()).indexes.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('waits for its sink, and holds a bounded number of blocks meanwhile', async () => {
    const capacityBytes = 64 * MiB;
    const open = Promise.withResolvers<void>();
    const pool = compressOnPool(1);
    const seen = { compressing: 0, most: 0, calls: 0, overlapping: 0 };
    const { writer, pack } = toMemory(capacityBytes, {
      inFlight: 5,
      compress: async (bytes) => {
        seen.calls += 1;
        seen.compressing += 1;
        seen.most = Math.max(seen.most, seen.compressing);
        const frame = await pool(bytes);
        seen.compressing -= 1;
        return frame;
      },
    });
    const sunk: Uint8Array[] = [];
    const held = createBlockPack({
      capacityBytes,
      inFlight: 5,
      sink: async (chunk) => {
        seen.overlapping += 1;
        expect(seen.overlapping).toBe(1);
        await open.promise;
        sunk.push(chunk);
        seen.overlapping -= 1;
      },
    });
    const random = randomBytes(DISK_BLOCK_BYTES);
    let written = 0;
    const writing = Promise.all(
      Array.from({ length: 128 }, async (_, index) => {
        await held.write(makeBlock(index, capacityBytes, random), never);
        written += 1;
      }),
    );
    await expect.poll(() => seen.overlapping).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    // A chunk of 1 MiB is full: one block went into it whole, and the others are in flight.
    expect(written).toBeLessThanOrEqual(1 + 5);
    open.resolve();
    await writing;
    expect((await held.seal(never)).records).toBe(128);
    expect(same(unpackByHand(Buffer.concat(sunk)).disk.subarray(-DISK_BLOCK_BYTES), random)).toBe(true);

    await pump(createMemoryReader(new Uint8Array(capacityBytes).fill(7)), writer, { signal: never, concurrency: 16 });
    expect(seen.most).toBeLessThanOrEqual(5);
    expect([seen.calls, unpackByHand(pack()).indexes.length]).toEqual([128, 128]);
  });

  it('fails with the error of its sink or of zstd, and for good', async () => {
    const lost = new Error('the upload is gone');
    const broken: Partial<WritePackOptions>[] = [
      { sink: async () => Promise.reject(lost) },
      { compress: async () => Promise.reject(lost) },
    ];
    for (const options of broken) {
      const { writer, pack } = toMemory(8 * MiB, options);
      const writing = (async () => {
        for (const block of blocksOf(randomBytes(8 * MiB))) await writer.write(block, never);
        await writer.seal(never);
      })();
      await expect(writing).rejects.toBe(lost);
      await expect(writer.seal(never)).rejects.toBe(lost);
      await expect(writer.write(makeBlock(0, 8 * MiB, null), never)).rejects.toBe(lost);
      await writer.abort();
      expect(() => unpackByHand(pack())).toThrow();
    }
  });

  it('ends writes that wait for room by their signal and by abort, and stops calling the sink', async () => {
    for (const how of ['signal', 'abort'] as const) {
      const stop = new AbortController();
      const called = Promise.withResolvers<void>();
      let calls = 0;
      const { writer } = toMemory(64 * MiB, {
        inFlight: 2,
        sink: (_chunk, signal) =>
          new Promise((_resolve, reject) => {
            calls += 1;
            called.resolve();
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          }),
      });
      const random = randomBytes(DISK_BLOCK_BYTES);
      const writes = Array.from({ length: 20 }, (_, index) =>
        writer.write(makeBlock(index, 64 * MiB, random), stop.signal),
      );
      const outcome = Promise.allSettled(writes);
      await called.promise;
      if (how === 'signal') stop.abort(new Error('enough'));
      else await writer.abort();
      const failed = (await outcome).filter((one) => one.status === 'rejected').map((one) => String(one.reason));
      expect(failed.length).toBeGreaterThan(10);
      expect(failed.every((reason) => (how === 'signal' ? /enough/ : /aborted/).test(reason))).toBe(true);
      await writer.abort();
      await expect(writer.seal(never)).rejects.toThrow(/aborted/);
      expect(calls).toBe(1);
    }
  });

  it('gives the room of a write that is given up to the next, at whatever moment that is', async () => {
    for (let moment = 0; moment < 25; moment += 1) {
      const first = Promise.withResolvers<Uint8Array>();
      const { writer } = toMemory(4 * MiB, { inFlight: 1, compress: () => first.promise });
      const [one, , three] = blocksOf(randomBytes(4 * MiB));
      const stop = new AbortController();
      await writer.write(one!, never);
      const given = writer.write(makeBlock(1, 4 * MiB, null), stop.signal).catch(() => undefined);
      const next = writer.write(makeBlock(2, 4 * MiB, null), never);
      first.resolve(three!.data!);
      for (let turn = 0; turn < moment; turn += 1) await Promise.resolve();
      stop.abort(new Error('enough'));
      await Promise.all([given, next]);
      expect((await writer.seal(never)).records).toBeGreaterThanOrEqual(2);
    }
  });

  it('ends a seal by its signal, and is not sealed then', async () => {
    const called = Promise.withResolvers<void>();
    const { writer } = toMemory(MiB, {
      sink: (_chunk, signal) =>
        new Promise((_resolve, reject) => {
          called.resolve();
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
    });
    await writer.write(makeBlock(1, MiB, null), never);
    const stop = new AbortController();
    const sealing = expect(writer.seal(stop.signal)).rejects.toThrow('enough');
    await called.promise;
    stop.abort(new Error('enough'));
    await sealing;
    await expect(writer.seal(never)).rejects.toThrow('enough');
  });

  it('refuses blocks that its disk does not have, and labels too long', async () => {
    const { writer } = toMemory(MiB + 512);
    const [block] = blocksOf(pretendDisk(1, MiB + 512));
    for (const odd of [{ index: 3 }, { index: -1 }, { index: 0.5 }, { length: 512 }, { digest: new Uint8Array(3) }]) {
      await expect(writer.write({ ...block!, ...odd }, never)).rejects.toThrow(/does not fit/);
    }
    await writer.write(block!, never);
    expect(() => toMemory(MiB, { label: 'x'.repeat(1025) })).toThrow(/label/);
  });
});
