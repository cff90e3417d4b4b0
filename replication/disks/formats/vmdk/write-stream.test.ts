import { randomBytes } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DISK_BLOCK_BYTES, makeBlock } from '../../block.ts';
import { assemble, blocksOf, describeDiskWriter, readAll, same } from '../../contract.ts';
import { createMemoryReader } from '../../memory/memory-disk.ts';
import { pump } from '../../pump.ts';
import { pretendDisk } from '../../testing-pretend-disk.ts';
import { deflateOnPool } from './deflate-grain.ts';
import { readStreamOptimizedVmdk } from './read-stream.ts';
import { inChunks } from './testing-vmdk.ts';
import { createStreamOptimizedVmdk, type SealedVmdk } from './write-stream.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;

/** Takes a whole file apart by its tables alone, as a reader that seeks would, and checks its records on the way. */
function readByTables(file: Buffer): Buffer {
  const footer = file.subarray(file.length - 1024, file.length - 512);
  expect(file.readUInt32LE(file.length - 1536 + 12)).toBe(3);
  expect(file.subarray(file.length - 512).every((byte) => byte === 0)).toBe(true);
  expect(file.readBigUInt64LE(56)).toBe(0xffff_ffff_ffff_ffffn);
  expect(footer.subarray(0, 56).equals(file.subarray(0, 56))).toBe(true);
  const capacity = Number(footer.readBigUInt64LE(12)) * 512;
  const directory = Number(footer.readBigUInt64LE(56)) * 512;
  expect(file.readUInt32LE(directory - 512 + 12)).toBe(2);
  const disk = Buffer.alloc(Math.ceil(capacity / 65_536) * 65_536);
  for (let table = 0; table < Math.ceil(capacity / (32 * MiB)); table += 1) {
    const place = file.readUInt32LE(directory + table * 4) * 512;
    if (place === 0) continue;
    expect([file.readUInt32LE(place - 512), file.readUInt32LE(place - 512 + 12)]).toEqual([4, 1]);
    for (let entry = 0; entry < 512; entry += 1) {
      const at = file.readUInt32LE(place + entry * 4) * 512;
      if (at === 0) continue;
      const grain = table * 512 + entry;
      expect(Number(file.readBigUInt64LE(at))).toBe(grain * 128);
      const bytes = inflateSync(file.subarray(at + 12, at + 12 + file.readUInt32LE(at + 8)));
      expect(bytes.length).toBe(65_536);
      bytes.copy(disk, grain * 65_536);
    }
  }
  expect(disk.subarray(capacity).every((byte) => byte === 0)).toBe(true);
  return disk.subarray(0, capacity);
}

function toMemory(capacityBytes: number, level?: number) {
  const chunks: Uint8Array[] = [];
  const writer = createStreamOptimizedVmdk({
    capacityBytes,
    level,
    name: 'a.vmdk',
    sink: async (chunk) => void chunks.push(chunk),
  });
  return { writer, file: () => Buffer.concat(chunks) };
}

describeDiskWriter<SealedVmdk>('stream-optimized VMDK', async (capacityBytes) => {
  const { writer, file } = toMemory(capacityBytes);
  return { writer, readBack: async () => readByTables(file()) };
});

describe('writing a stream-optimized VMDK', () => {
  it('gives a file that our reader turns back into the same disk, whatever the disk', async () => {
    const disk = fc.record({ seed: fc.nat(), sectors: fc.integer({ min: 1, max: 32_768 }) });
    await fc.assert(
      fc.asyncProperty(
        disk,
        fc.constantFrom(1, 3, 6),
        fc.integer({ min: 500, max: 90_000 }),
        async (shape, level, cut) => {
          const bytes = pretendDisk(shape.seed, shape.sectors * 512);
          const { writer, file } = toMemory(bytes.length, level);
          const reader = createMemoryReader(bytes, { skipsZeros: shape.seed % 2 === 0 });
          const { sealed } = await pump(reader, writer, { signal: never });
          expect(sealed.bytesSent).toBe(file().length);
          const back = await readStreamOptimizedVmdk(inChunks(file(), [cut]), { capacityBytes: bytes.length });
          expect(same(assemble(await readAll(back), bytes.length), bytes)).toBe(true);
        },
      ),
      { numRuns: 15, verbose: 1 },
    );
  }, 90_000);

  it('puts a table behind every 32 MiB that hold anything, and none elsewhere', async () => {
    const bytes = new Uint8Array(130 * MiB);
    for (const at of [5, 31 * MiB, 100 * MiB, 130 * MiB - 1]) bytes[at] = 9;
    const { writer, file } = toMemory(bytes.length);
    const { sealed } = await pump(createMemoryReader(bytes), writer, { signal: never });
    expect(sealed).toMatchObject({ grains: 4, blocks: 4 });
    expect(same(readByTables(file()), bytes)).toBe(true);
  });

  it('says in its descriptor what it is', async () => {
    const { writer, file } = toMemory(3 * MiB + 512);
    await writer.seal(never);
    const text = file().toString('latin1', 512, 21 * 512);
    expect(text).toContain('createType="streamOptimized"');
    expect(text).toContain('RW 6145 SPARSE "a.vmdk"');
    expect(text).toContain('ddb.adapterType = "lsilogic"');
  });

  it('refuses a disk that is not whole sectors', () => {
    for (const capacityBytes of [0, 1000, 512.5, Number.NaN, -512, 2 ** 60]) {
      expect(() => toMemory(capacityBytes)).toThrowError(expect.objectContaining({ name: 'FaultError' }));
    }
  });

  it('waits for its sink, and holds a bounded number of grains meanwhile', async () => {
    const capacityBytes = 64 * MiB;
    const open = Promise.withResolvers<void>();
    const pool = deflateOnPool(1);
    const sunk: number[] = [];
    let grains = 0;
    const writer = createStreamOptimizedVmdk({
      capacityBytes,
      name: 'a.vmdk',
      sink: async (chunk) => {
        await open.promise;
        sunk.push(chunk.length);
      },
      deflate: (grain) => {
        grains += 1;
        return pool(grain);
      },
    });
    const random = randomBytes(DISK_BLOCK_BYTES);
    let written = 0;
    const writing = (async () => {
      for (let index = 0; index < 128; index += 1) {
        await writer.write(makeBlock(index, capacityBytes, random), never);
        written += 1;
      }
    })();
    // The first MiB of the file is full, and the sink does not come back from it.
    await expect.poll(() => written).toBeGreaterThan(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(9);
    expect(grains).toBeLessThan(72);
    open.resolve();
    await writing;
    const sealed = await writer.seal(never);
    expect(sealed.grains).toBe(128 * 8);
    expect(sunk.slice(0, -1).every((length) => length === MiB)).toBe(true);
  });

  it('fails with the error of its sink, and for good', async () => {
    const lost = new Error('the upload is gone');
    const sink = async () => Promise.reject(lost);
    const writer = createStreamOptimizedVmdk({ capacityBytes: 8 * MiB, name: 'a.vmdk', sink });
    const blocks = blocksOf(new Uint8Array(8 * MiB).map((_, at) => at * 31));
    const writing = (async () => {
      for (const block of blocks) await writer.write(block, never);
      await writer.seal(never);
    })();
    await expect(writing).rejects.toBe(lost);
    await expect(writer.seal(never)).rejects.toBe(lost);
    await writer.abort();
  });

  it('ends a write that waits for its sink, by its signal or by abort, and stops calling the sink', async () => {
    for (const how of ['signal', 'abort'] as const) {
      const reason = new Error('enough');
      const stop = new AbortController();
      const called = Promise.withResolvers<void>();
      let calls = 0;
      const writer = createStreamOptimizedVmdk({
        capacityBytes: 64 * MiB,
        name: 'a.vmdk',
        sink: (_chunk, signal) =>
          new Promise((_resolve, reject) => {
            calls += 1;
            called.resolve();
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          }),
      });
      const random = randomBytes(DISK_BLOCK_BYTES);
      const writing = (async () => {
        for (let index = 0; index < 128; index += 1) {
          await writer.write(makeBlock(index, 64 * MiB, random), stop.signal);
        }
      })();
      const outcome = expect(writing).rejects.toThrow(how === 'signal' ? 'enough' : /aborted/);
      await called.promise;
      if (how === 'signal') stop.abort(reason);
      await writer.abort();
      await outcome;
      expect(calls).toBe(1);
    }
  });

  it('keeps what it stores readable, and hardly larger', async () => {
    const bytes = randomBytes(65_536);
    const stored = await deflateOnPool(1)(bytes);
    expect(stored.length).toBeLessThan(65_536 + 64);
    expect(same(inflateSync(stored), bytes)).toBe(true);
  });
});
