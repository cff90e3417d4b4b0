import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FaultError, fault } from '../model/fault.ts';
import { DISK_BLOCK_BYTES, makeBlock } from './block.ts';
import { blocksOf, describeDiskReader, describeDiskWriter, readAll, same } from './contract.ts';
import { createMemoryReader, createMemoryWriter, type MemoryDisk } from './memory/memory-disk.ts';
import { pump } from './pump.ts';
import { pretendDisk } from './testing-pretend-disk.ts';
import { RunningChecksum, withChecksum } from './with-checksum.ts';
import { withProgress } from './with-progress.ts';
import { retrying, withRetry } from './with-retry.ts';
import { TokenBucket, withReadThrottle, withThrottle } from './with-throttle.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;
const wide = () => new TokenBucket({ bytesPerSecond: 1e12 });

describeDiskReader('memory with checksum and throttle', async (bytes) => ({
  reader: withChecksum(withReadThrottle(createMemoryReader(bytes), wide())),
}));
for (const needsOrder of [true, false]) {
  describeDiskWriter<MemoryDisk>(`memory (${needsOrder}) with throttle and progress`, async (capacityBytes) => {
    const writer = createMemoryWriter({ capacityBytes, needsOrder });
    const wrapped = withProgress(
      withThrottle(writer, wide()),
      () => 0,
      () => undefined,
    );
    return { writer: wrapped, readBack: async (sealed) => sealed.bytes };
  });
}
describeDiskWriter<MemoryDisk>('memory with retry', async (capacityBytes) => ({
  writer: withRetry(createMemoryWriter({ capacityBytes })),
  readBack: async (sealed) => sealed.bytes,
}));

describe('a checksum', () => {
  it('is the SHA-256 over index and digest of every block that is not zeros', async () => {
    const bytes = pretendDisk(21, 5 * MiB + 1024);
    bytes.fill(0, MiB, 2 * MiB);
    const hash = createHash('sha256');
    let blocks = 0;
    for (let index = 0; index * DISK_BLOCK_BYTES < bytes.length; index += 1) {
      const padded = Buffer.alloc(DISK_BLOCK_BYTES);
      padded.set(bytes.subarray(index * DISK_BLOCK_BYTES, (index + 1) * DISK_BLOCK_BYTES));
      if (padded.every((byte) => byte === 0)) continue;
      hash.update(Buffer.from(index.toString(16).padStart(16, '0'), 'hex'));
      hash.update(createHash('sha256').update(padded).digest());
      blocks += 1;
    }
    const root = hash.digest('hex');
    for (const skipsZeros of [true, false]) {
      const reader = withChecksum(createMemoryReader(bytes, { skipsZeros }));
      expect(() => reader.checksum()).toThrow(/before the disk was read/);
      await readAll(reader);
      expect(reader.checksum()).toEqual({ root, blocks });
    }
  });

  it('is not given for half a disk, and not for a disk out of order', async () => {
    const reader = withChecksum(createMemoryReader(pretendDisk(1, 4 * MiB).fill(1)));
    for await (const block of reader.blocks(never)) if (block.index === 2) break;
    expect(() => reader.checksum()).toThrow(/before the disk was read/);
    expect(() => withChecksum(createMemoryReader(new Uint8Array(MiB), { order: [1, 0] }))).toThrow(/in order/);
    const running = new RunningChecksum();
    running.add(4, new Uint8Array(32));
    expect(() => running.add(4, new Uint8Array(32))).toThrow(/cannot follow/);
  });
});

describe('a throttle', () => {
  /** A clock that only sleeping moves on. */
  function fakeTime() {
    const time = { now: 0, sleeps: 0 };
    const sleep = async (milliseconds: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      time.sleeps += 1;
      time.now += milliseconds;
    };
    return { time, options: { now: () => time.now, sleep } };
  }

  it('holds what is sent to its rate, over several disks', async () => {
    const { time, options } = fakeTime();
    const bucket = new TokenBucket({ bytesPerSecond: MiB, ...options });
    const copy = async (seed: number) => {
      const bytes = pretendDisk(seed, 8 * MiB).fill(seed);
      const writer = withThrottle(createMemoryWriter({ capacityBytes: bytes.length }), bucket);
      const { sealed } = await pump(createMemoryReader(bytes), writer, { signal: never, concurrency: 2 });
      expect(same(sealed.bytes, bytes)).toBe(true);
    };
    await Promise.all([copy(1), copy(2)]);
    // 16 MiB at 1 MiB a second, less the burst of a second and what the last writes still owe.
    expect(time.now).toBeGreaterThan(11_000);
    expect(time.now).toBeLessThanOrEqual(15_100);
  });

  it('holds what is read to its rate', async () => {
    const { time, options } = fakeTime();
    const bucket = new TokenBucket({ bytesPerSecond: 2 * MiB, burstBytes: 0, ...options });
    await readAll(withReadThrottle(createMemoryReader(new Uint8Array(8 * MiB).fill(1)), bucket));
    expect(time.now).toBeGreaterThanOrEqual(4_000);
    expect(time.now).toBeLessThan(4_100);
  });

  it('lets a rest be made up for by one burst only, and takes a new rate at once', async () => {
    const { time, options } = fakeTime();
    const bucket = new TokenBucket({ bytesPerSecond: 1000, ...options });
    time.now = 3_600_000;
    bucket.pay(1500);
    await bucket.ready(never);
    expect(time.now).toBe(3_600_500);
    bucket.setRate(10);
    bucket.pay(10);
    await bucket.ready(never);
    expect(time.now).toBe(3_601_500);
    expect(() => bucket.setRate(0)).toThrow(RangeError);
  });

  it('ends its wait with the reason of the signal', async () => {
    const bucket = new TokenBucket({ bytesPerSecond: 1, burstBytes: 0 });
    const writer = withThrottle(createMemoryWriter({ capacityBytes: MiB }), bucket);
    const [first, second] = blocksOf(new Uint8Array(MiB).fill(1));
    await writer.write(first!, never);
    const stop = new AbortController();
    const waiting = writer.write(second!, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

describe('trying again', () => {
  const busy = () => new FaultError(fault('aws-throttled'));

  it('writes a block again until it goes through', async () => {
    const inner = createMemoryWriter({ capacityBytes: MiB });
    let failures = 3;
    const waits: number[] = [];
    const flaky = {
      ...inner,
      write: async (...args: Parameters<typeof inner.write>) => {
        if (failures-- > 0) throw busy();
        await inner.write(...args);
      },
    };
    const sleep = async (milliseconds: number) => void waits.push(milliseconds);
    const writer = withRetry(flaky, { sleep, random: () => 1, firstMs: 100, longestMs: 300 });
    await writer.write(makeBlock(0, MiB, new Uint8Array(DISK_BLOCK_BYTES).fill(1)), never);
    expect(waits).toEqual([100, 200, 300]);
    expect((await inner.seal(never)).blocks).toBe(1);
  });

  it('gives up when it cannot help, when the tries are used up, and when it is told to stop', async () => {
    let tries = 0;
    const failing = (error: unknown) => async () => {
      tries += 1;
      throw error;
    };
    const sleep = async () => undefined;
    const denied = new FaultError(fault('aws-access-denied'));
    await expect(retrying(failing(denied), { sleep }, never)).rejects.toBe(denied);
    expect(tries).toBe(1);
    const last = busy();
    await expect(retrying(failing(last), { sleep, attempts: 4 }, never)).rejects.toBe(last);
    expect(tries).toBe(5);
    const stop = new AbortController();
    const waiting = retrying(failing(busy()), { firstMs: 1e9, longestMs: 1e9, random: () => 1 }, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it('is refused for a writer that needs order', () => {
    expect(() => withRetry(createMemoryWriter({ capacityBytes: MiB, needsOrder: true }))).toThrow(/twice/);
  });
});
