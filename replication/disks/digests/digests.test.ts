import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DISK_BLOCK_BYTES, ZERO_BLOCK_DIGEST } from '../block.ts';
import { type DigestSet, keysOnlyIn } from './digest-set.ts';
import { createDigestWriter, type SealedDigests } from './digest-writer.ts';
import { all, CHUNK, digestOf, everyBlock, GiB, hex, never, open, TiB, write } from './testing-digests.ts';
import { createMemoryStore } from './testing-memory-store.ts';

describe('a digest set', () => {
  it('is that of the disk after any sequence of candidates, and no candidate touches the set before it', async () => {
    const place = fc.oneof(fc.nat(40), fc.integer({ min: 1000, max: 1050 }), fc.nat(5 * CHUNK));
    const candidate = fc.record({
      changes: fc.array(fc.tuple(place, fc.nat(3)), { maxLength: 30 }),
      kind: fc.constantFrom('full', 'delta', 'delta', 'delta'),
      end: fc.constantFrom('sealed', 'sealed', 'sealed', 'left', 'broken'),
      grow: fc.nat(600),
      openChunks: fc.integer({ min: 1, max: 4 }),
      overlap: fc.boolean(),
    });
    const body = async (runs: (typeof candidate extends fc.Arbitrary<infer T> ? T : never)[], start: number) => {
      const store = createMemoryStore();
      const disk = new Map<number, number>();
      let blocks = start;
      let baseline: { set: DigestSet; holds: Map<number, number>; sealed: SealedDigests } | null = null;
      for (const [number, run] of runs.entries()) {
        blocks += run.grow;
        const changed = new Map<number, number>();
        for (const [index, content] of run.changes) {
          disk.set(index % blocks, content);
          changed.set(index % blocks, content);
        }
        // What a run that came to nothing would have sent is still to be sent.
        for (const index of new Set([...disk.keys(), ...(baseline?.holds.keys() ?? [])])) {
          if ((disk.get(index) ?? 0) !== (baseline?.holds.get(index) ?? 0)) changed.set(index, disk.get(index) ?? 0);
        }
        const base: DigestSet | null = run.kind === 'delta' && baseline ? baseline.set : null;
        const before = new Map(store.objects);
        const prefix = `run-${number}/`;
        const { openChunks } = run;
        const capacityBytes = blocks * DISK_BLOCK_BYTES;
        const writer = createDigestWriter({ store, prefix, capacityBytes, base, openChunks });
        const sets = [...(base ? changed : disk)].map(([index, content]) => [index, digestOf(content)] as const);
        if (run.overlap) await Promise.all(sets.map(([index, digest]) => writer.set(index, digest, never)));
        else for (const [index, digest] of sets) await writer.set(index, digest, never);
        if (run.end === 'broken') {
          store.beforePut = (key) => {
            if (key.endsWith('manifest')) throw new Error('the bucket is away');
          };
          await expect(writer.seal(never)).rejects.toThrow('away');
          await expect(writer.seal(never)).rejects.toThrow('away');
          store.beforePut = undefined;
        }
        if (run.end === 'sealed') {
          const sealed = await writer.seal(never);
          const set = await open(store, sealed);
          const holds = new Map([...disk].filter(([, content]) => content !== 0));
          const expected = [...holds]
            .sort(([a], [b]) => a - b)
            .map(([index, content]) => [index, hex(digestOf(content))]);
          expect(await all(set.entries(0, blocks, never))).toEqual(expected);
          expect([sealed.entries, set.entryCount, set.capacityBytes]).toEqual([holds.size, holds.size, capacityBytes]);
          const part = await all(set.entries(20, 1040, never));
          expect(part).toEqual(expected.filter(([index]) => Number(index) >= 20 && Number(index) < 1040));
          for (const [index, content] of disk)
            expect(hex(await set.digestAt(index, never))).toBe(hex(digestOf(content)));
          const onlyOld = baseline ? keysOnlyIn(baseline.set, set) : [];
          expect(onlyOld.filter((key) => keysOnlyIn(set, null).includes(key))).toEqual([]);
          expect(sealed.unusedKeys.filter((key) => keysOnlyIn(set, null).includes(key))).toEqual([]);
          baseline = { set, holds, sealed };
        } else if (baseline) {
          const again = await open(store, baseline.sealed);
          expect(again.entryCount).toBe(baseline.holds.size);
          for (const [index, content] of baseline.holds) {
            expect(hex(await again.digestAt(index, never))).toBe(hex(digestOf(content)));
          }
        }
        for (const [key, bytes] of before) expect(Buffer.from(store.objects.get(key)!).equals(bytes)).toBe(true);
        for (const key of store.objects.keys()) {
          if (!before.has(key)) expect(writer.storedKeys).toContain(key);
        }
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(candidate, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 3000 }), body),
      { numRuns: 60, verbose: 1 },
    );
  });

  it('reads and writes what the change takes, however much the disk of 1 TiB holds', async () => {
    const counted = async (heldBytes: number) => {
      const { store, sealed } = await write({ capacityBytes: TiB, blocks: everyBlock(heldBytes) });
      Object.assign(store.counts, { gets: 0, puts: 0, bytesRead: 0, bytesWritten: 0 });
      const base = await open(store, sealed);
      const changes = Array.from({ length: 200 }, (_, at) => [300 + at, 9_000_000 + at] as const);
      const next = await write({ store, prefix: 'run-2/', capacityBytes: TiB, base, blocks: changes });
      expect(next.sealed.entries).toBe(heldBytes / DISK_BLOCK_BYTES);
      expect(next.sealed.bytesWritten).toBe(store.counts.bytesWritten);
      expect(keysOnlyIn(base, next.set)).toEqual(['run-1/disk-1/1/manifest', 'run-1/disk-1/1/0']);
      // The manifest, one chunk; and the new manifest, to look at it.
      expect([store.counts.gets, store.counts.puts]).toEqual([3, 2]);
      return next.sealed;
    };
    const [small, large] = [await counted(GiB), await counted(16 * GiB)];
    expect(large!.bytesRead / small!.bytesRead).toBeLessThan(1.1);
    expect(large!.bytesWritten / small!.bytesWritten).toBeLessThan(1.1);
    expect(small!.bytesRead).toBeLessThan(40_000);
  });

  it('stores nothing but its manifest where nothing changed, or changed back', async () => {
    const { store, sealed, set } = await write({ capacityBytes: 4 * GiB, blocks: everyBlock(2 * GiB) });
    const same = await write({
      store,
      prefix: 'run-2/',
      capacityBytes: 4 * GiB,
      base: set,
      blocks: everyBlock(2 * GiB),
    });
    expect(keysOnlyIn(same.set, set)).toEqual(['run-2/manifest']);
    const back = [
      [5, 77],
      [5, 6],
      [3000, 0],
      [3000, 3001],
    ] as const;
    const third = await write({
      store,
      prefix: 'run-3/',
      capacityBytes: 4 * GiB,
      base: set,
      blocks: back,
      openChunks: 1,
    });
    expect(keysOnlyIn(third.set, set)).toEqual(['run-3/manifest']);
    expect(third.sealed.entries).toBe(sealed.entries);
    // A chunk that had to be stored on the way is told, so that it can be deleted.
    const fourth = await write({
      store,
      prefix: 'run-4/',
      capacityBytes: 4 * GiB,
      base: set,
      openChunks: 1,
      blocks: [
        [5, 77],
        [3000, 5],
        [5, 6],
      ],
    });
    expect(fourth.sealed.unusedKeys).toEqual(['run-4/0']);
    expect(keysOnlyIn(fourth.set, set)).toEqual(['run-4/manifest', 'run-4/2']);
  });

  it('has no object for stretches of zeros, and takes the digest of zeros for zeros', async () => {
    const { store, sealed, set } = await write({
      capacityBytes: TiB,
      blocks: [
        [0, 1],
        [5000, 2],
      ],
    });
    expect(store.objects.size).toBe(3);
    const writer = createDigestWriter({ store, prefix: 'run-2/', capacityBytes: TiB, base: set });
    await writer.set(5000, ZERO_BLOCK_DIGEST, never);
    const next = await writer.seal(never);
    expect([sealed.chunkObjects, next.chunkObjects, next.entries]).toEqual([2, 1, 1]);
    expect(await writer.seal(never)).toEqual(next);
    await expect(writer.set(1, digestOf(1), never)).rejects.toThrow(/sealed/);
  });

  it('holds few chunks in memory, whatever the order of the blocks', async () => {
    const capacityBytes = 64 * 512 * 1024 ** 2;
    const order = Array.from(
      { length: 64 * 4 },
      (_, at) => [((at * 37) % 64) * CHUNK + ((at * 11) % 1000), at + 1] as const,
    );
    const { set, sealed, store } = await write({ capacityBytes, blocks: order, openChunks: 4 });
    const expected = [...new Map(order)].sort(([a], [b]) => a - b).map(([index, at]) => [index, hex(digestOf(at))]);
    expect(await all(set.entries(0, 64 * CHUNK, never))).toEqual(expected);
    expect(sealed.unusedKeys).toEqual([]);
    expect(store.counts.puts).toBeGreaterThan(64);
    // A reader with two chunks of room reads again what it had to let go.
    const narrow = await open(store, sealed, 2);
    const gets = store.counts.gets;
    for (const chunk of [0, 1, 0, 1, 2, 0]) await narrow.digestAt(chunk * CHUNK, never);
    expect(store.counts.gets - gets).toBe(4);
    await Promise.all([9, 9, 9].map((chunk) => narrow.digestAt(chunk * CHUNK, never)));
    expect(store.counts.gets - gets).toBe(5);
  });

  it('keeps nothing of a chunk that had to give way while it was empty', async () => {
    const { store, set } = await write({ capacityBytes: GiB, blocks: [[7, 1]] });
    const blocks = [
      [7, 0],
      [1500, 2],
      [8, 3],
    ] as const;
    const next = await write({ store, prefix: 'run-2/', capacityBytes: GiB, base: set, openChunks: 1, blocks });
    expect(await all(next.set.entries(0, 2048, never))).toEqual([
      [8, hex(digestOf(3))],
      [1500, hex(digestOf(2))],
    ]);
  });

  it('gives samples that are entries, the same for the same seed, from few chunks', async () => {
    const { store, sealed } = await write({ capacityBytes: TiB, blocks: everyBlock(8 * GiB) });
    const set = await open(store, sealed);
    const first = await all(set.sample(12, 42, never));
    expect(set.bytesRead).toBeLessThan(12 * 37_000 + 2000);
    expect(first).toEqual(await all((await open(store, sealed)).sample(12, 42, never)));
    expect(first).not.toEqual(await all(set.sample(12, 43, never)));
    expect(first.length).toBe(12);
    for (const [index, digest] of first) expect(digest).toBe(hex(digestOf(1 + index)));
    expect(await all(set.sample(1_000_000, 1, never))).toEqual(await all(set.entries(0, 16 * CHUNK, never)));
    const hits = new Map<number, number>();
    for (let seed = 0; seed < 400; seed += 1) {
      for (const [index] of await all(set.sample(16, seed, never)))
        hits.set(index >> 10, (hits.get(index >> 10) ?? 0) + 1);
    }
    // 6,400 draws over 16 chunks.
    for (let chunk = 0; chunk < 16; chunk += 1) expect(hits.get(chunk)).toBeGreaterThan(300);
  });
});

describe('a candidate', () => {
  it('cannot be given the place of its baseline', async () => {
    const { store, set } = await write({ capacityBytes: GiB, blocks: everyBlock(GiB) });
    const options = { store, capacityBytes: GiB, base: set };
    expect(() => createDigestWriter({ ...options, prefix: 'run-1/disk-1/1/' })).toThrow(/baseline has objects/);
    const next = await write({ store, prefix: 'run-2/', capacityBytes: GiB, base: set, blocks: [[0, 99]] });
    const third = { ...options, base: next.set };
    expect(() => createDigestWriter({ ...third, prefix: 'run-1/disk-1/1/' })).toThrow(/baseline has objects/);
    expect(() => createDigestWriter({ ...options, prefix: 'run-2/disk' })).toThrow(/slash/);
  });

  it('is not sealed after any of its chunks could not be stored, and obeys its signal', async () => {
    const store = createMemoryStore();
    store.beforePut = (key) => {
      if (key === 'run-1/0') throw new Error('the bucket is away');
    };
    const writer = createDigestWriter({ store, prefix: 'run-1/', capacityBytes: TiB, base: null, openChunks: 1 });
    await writer.set(1, digestOf(1), never);
    await expect(writer.set(2 * CHUNK, digestOf(1), never)).rejects.toThrow('away');
    store.beforePut = undefined;
    await expect(writer.set(3 * CHUNK, digestOf(1), never)).rejects.toThrow('away');
    await expect(writer.seal(never)).rejects.toThrow('away');
    expect(store.objects.size).toBe(0);

    const other = createDigestWriter({ store, prefix: 'run-2/', capacityBytes: TiB, base: null });
    const reason = new Error('enough');
    await expect(other.set(1, digestOf(1), AbortSignal.abort(reason))).rejects.toBe(reason);
    await other.set(1, digestOf(1), never);
    await expect(other.seal(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(store.objects.size).toBe(0);
  });

  it('refuses blocks that its disk does not have', async () => {
    const store = createMemoryStore();
    const writer = createDigestWriter({ store, prefix: 'run-1/', capacityBytes: GiB, base: null });
    for (const index of [-1, 0.5, 2048, Number.NaN]) {
      await expect(writer.set(index, digestOf(1), never)).rejects.toThrow(/not on a disk/);
    }
    await expect(writer.set(0, new Uint8Array(20), never)).rejects.toThrow(/20 bytes/);
  });
});
