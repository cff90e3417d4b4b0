import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DISK_BLOCK_BYTES, type DiskBlock, makeBlock } from './block.ts';
import { same } from './contract.ts';
import { createMemoryReader, createMemoryWriter } from './memory/memory-disk.ts';
import { type CopyProgress, pump } from './pump.ts';
import type { DiskReader } from './reader.ts';
import { pretendDisk } from './testing-pretend-disk.ts';
import type { DiskWriter, SealedDisk } from './writer.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;

/** A reader that counts, of a disk of `count` blocks, and fails before block `failAt`. */
function countingReader(count: number, failAt = Number.POSITIVE_INFINITY) {
  const bytes = new Uint8Array(DISK_BLOCK_BYTES).fill(1);
  const seen = { given: 0, closed: 0, ended: false };
  const capacityBytes = count * DISK_BLOCK_BYTES;
  const reader: DiskReader = {
    capacityBytes,
    ordered: true,
    skipsZeros: true,
    get bytesRead() {
      return seen.given * DISK_BLOCK_BYTES;
    },
    async *blocks(signal) {
      try {
        for (let index = 0; index < count; index += 1) {
          signal.throwIfAborted();
          if (index === failAt) throw new Error('the source broke');
          seen.given += 1;
          yield makeBlock(index, capacityBytes, bytes);
        }
      } finally {
        seen.ended = true;
      }
    },
    async close() {
      seen.closed += 1;
    },
  };
  return { reader, seen };
}

/** A writer whose writes end when the test lets them. */
function heldWriter(capacityBytes: number, needsOrder: boolean) {
  const pending: { block: DiskBlock; finish: () => void; fail: (error: Error) => void }[] = [];
  const seen = { started: 0, most: 0, aborted: 0, sealed: 0 };
  const writer: DiskWriter<SealedDisk> = {
    capacityBytes,
    needsOrder,
    bytesSent: 0,
    write(block, signal) {
      return new Promise<void>((resolve, reject) => {
        const settle = (act: () => void) => () => {
          const at = pending.findIndex((one) => one.block === block);
          if (at >= 0) pending.splice(at, 1);
          act();
        };
        seen.started += 1;
        pending.push({ block, finish: settle(resolve), fail: (error) => settle(() => reject(error))() });
        seen.most = Math.max(seen.most, pending.length);
        signal.addEventListener('abort', () => settle(() => reject(signal.reason))(), { once: true });
      });
    },
    async seal() {
      seen.sealed += 1;
      return { capacityBytes, bytesSent: 0, blocks: seen.started };
    },
    async abort() {
      seen.aborted += 1;
    },
  };
  return { writer, pending, seen };
}

describe('the pump', () => {
  it('copies any disk, in order or not, to any kind of writer', async () => {
    const shape = fc.record({ seed: fc.nat(), sectors: fc.integer({ min: 1, max: 12_000 }), skipsZeros: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(shape, fc.boolean(), fc.integer({ min: 1, max: 9 }), async (disk, needsOrder, concurrency) => {
        const bytes = pretendDisk(disk.seed, disk.sectors * 512);
        const reader = createMemoryReader(bytes, { skipsZeros: disk.skipsZeros });
        const writer = createMemoryWriter({ capacityBytes: bytes.length, needsOrder });
        const { sealed } = await pump(reader, writer, { signal: never, concurrency });
        expect(same(sealed.bytes, bytes)).toBe(true);
      }),
      { numRuns: 20, verbose: 1 },
    );
  });

  for (const [needsOrder, limit] of [
    [false, 3],
    [true, 1],
  ] as const) {
    it(`holds ${limit + 1} blocks at most, whatever the size of the disk, when the writer is slow`, async () => {
      const { reader, seen } = countingReader(400);
      const { writer, pending, seen: written } = heldWriter(reader.capacityBytes, needsOrder);
      const done = pump(reader, writer, { signal: never, concurrency: 3 });
      let finished = 0;
      while (finished < 400) {
        await expect.poll(() => pending.length, { interval: 0 }).toBeGreaterThan(0);
        expect(seen.given - finished).toBeLessThanOrEqual(limit + 1);
        // The youngest first, so that ends come out of order.
        pending.at(-1)!.finish();
        finished += 1;
      }
      const { blocksDone, sealed } = await done;
      expect([blocksDone, sealed.blocks, written.most]).toEqual([400, 400, limit]);
      expect(seen.closed).toBeGreaterThan(0);
    });
  }

  it('stops both sides when a write fails, and says why', async () => {
    const { reader, seen } = countingReader(100);
    const { writer, pending, seen: written } = heldWriter(reader.capacityBytes, false);
    const done = pump(reader, writer, { signal: never, concurrency: 4 });
    const outcome = expect(done).rejects.toThrow('the upload broke');
    await expect.poll(() => pending.length).toBe(4);
    pending[2]!.fail(new Error('the upload broke'));
    await outcome;
    expect(written).toMatchObject({ aborted: 1, sealed: 0 });
    expect(pending).toEqual([]);
    expect(seen.ended).toBe(true);
    expect(seen.closed).toBeGreaterThan(0);
    expect(seen.given).toBeLessThanOrEqual(5);
  });

  it('stops both sides when the reader fails, and says why', async () => {
    const { reader, seen } = countingReader(100, 2);
    const { writer, pending, seen: written } = heldWriter(reader.capacityBytes, false);
    await expect(pump(reader, writer, { signal: never, concurrency: 4 })).rejects.toThrow('the source broke');
    expect(written).toMatchObject({ started: 2, aborted: 1, sealed: 0 });
    expect(pending).toEqual([]);
    expect(seen.closed).toBeGreaterThan(0);
  });

  it('stops both sides with the reason of the signal', async () => {
    const { reader, seen } = countingReader(100);
    const { writer, pending, seen: written } = heldWriter(reader.capacityBytes, true);
    const stop = new AbortController();
    const done = pump(reader, writer, { signal: stop.signal });
    await expect.poll(() => pending.length).toBe(1);
    const reason = new Error('cancelled by somebody');
    stop.abort(reason);
    await expect(done).rejects.toBe(reason);
    expect(written).toMatchObject({ aborted: 1, sealed: 0 });
    expect(seen.ended).toBe(true);

    const late = countingReader(3);
    const target = heldWriter(late.reader.capacityBytes, true);
    await expect(pump(late.reader, target.writer, { signal: stop.signal })).rejects.toBe(reason);
    expect([late.seen.given, target.seen.aborted, late.seen.closed > 0]).toEqual([0, 1, true]);
  });

  it('asks before it seals, and seals nothing when the answer is no', async () => {
    const bytes = pretendDisk(4, MiB);
    const writer = createMemoryWriter({ capacityBytes: MiB });
    const lost = new Error('the lease is lost');
    const beforeSeal = async () => Promise.reject(lost);
    await expect(pump(createMemoryReader(bytes), writer, { signal: never, beforeSeal })).rejects.toBe(lost);
    await expect(writer.seal(never)).rejects.toThrow(/broken/);
  });

  it('refuses pairs that do not fit, and lets both go', async () => {
    const bytes = pretendDisk(4, 2 * MiB);
    const short = heldWriter(MiB, false);
    await expect(pump(createMemoryReader(bytes), short.writer, { signal: never })).rejects.toThrow(/prepared for/);
    expect(short.seen.aborted).toBe(1);
    const strict = heldWriter(2 * MiB, true);
    const mixed = createMemoryReader(bytes, { order: [3, 1, 0, 2] });
    await expect(pump(mixed, strict.writer, { signal: never })).rejects.toThrow(/in order/);
    expect(strict.seen).toMatchObject({ aborted: 1, started: 0 });
  });

  it('tells how far it is: never back, and at the end the whole disk', async () => {
    const bytes = pretendDisk(6, 12 * MiB + 512);
    bytes.fill(1, 0, 3 * MiB);
    const ticks: CopyProgress[] = [];
    const writer = createMemoryWriter({ capacityBytes: bytes.length });
    const onProgress = (tick: CopyProgress) => void ticks.push(tick);
    const { sealed, bytesRead } = await pump(createMemoryReader(bytes), writer, { signal: never, onProgress });
    const offsets = ticks.map((tick) => tick.offset);
    expect(offsets).toEqual(offsets.toSorted((left, right) => left - right));
    expect(new Set(offsets).size).toBeGreaterThan(3);
    expect(ticks.at(-1)).toEqual({
      blocksDone: sealed.blocks,
      bytesRead,
      bytesSent: sealed.bytesSent,
      capacityBytes: bytes.length,
      offset: bytes.length,
    });
  });

  it('does not count as done what an earlier block still waits for', async () => {
    const { reader } = countingReader(4);
    const { writer, pending } = heldWriter(reader.capacityBytes, false);
    const offsets: number[] = [];
    const onProgress = (tick: CopyProgress) => void offsets.push(tick.offset / DISK_BLOCK_BYTES);
    const done = pump(reader, writer, { signal: never, concurrency: 4, onProgress });
    await expect.poll(() => pending.length).toBe(4);
    for (const index of [2, 0, 3, 1]) {
      const before = offsets.length;
      pending.find((one) => one.block.index === index)!.finish();
      await expect.poll(() => offsets.length).toBe(before + 1 + (index === 1 ? 1 : 0));
    }
    await done;
    expect(offsets).toEqual([0, 1, 1, 4, 4]);
  });
});
