import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DiskContent } from './content.ts';
import { LabDisk } from './disk.ts';
import { GRAIN } from './grain-map.ts';
import { HASH_BLOCK, hashDisk } from './hashes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-disk-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const capacity = 10 * GRAIN + 1024;
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      at: fc.nat(capacity - 1),
      length: fc.nat(3 * GRAIN),
      byte: fc.nat(255),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('trim' as const),
      at: fc.nat(capacity - 1),
      length: fc.nat(5 * GRAIN),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('freeze' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);

/** Grains that differ between two images of the disk. */
function differing(before: Buffer, after: Buffer): number[] {
  const grains: number[] = [];
  for (let grain = 0; grain * GRAIN < capacity; grain += 1) {
    const range = [grain * GRAIN, Math.min(capacity, (grain + 1) * GRAIN)] as const;
    if (!before.subarray(...range).equals(after.subarray(...range))) grains.push(grain);
  }
  return grains;
}

test('frozen views stay as they were, and tracking knows what changed, whatever is written, trimmed, released or reopened', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 14 }), async (operations) => {
      const path = join(folder, String(runs++));
      const seed = String(runs);
      const content: DiskContent =
        runs % 2 === 0
          ? { kind: 'seeded', seed, allocatedBytes: 3 * GRAIN }
          : { kind: 'incompressible', seed, bytes: 4 * GRAIN + 1000 };
      let disk = await LabDisk.open(path, capacity, content);
      const live = await disk.read(undefined, 0, capacity);
      const frozen = new Map<string, Buffer>();
      const everFrozen: { id: string; changeId: string; bytes: Buffer; touched: Set<number> }[] = [];
      let next = 1;
      await disk.track(true, false);
      const touch = (at: number, length: number) => {
        for (let grain = Math.floor(at / GRAIN); length > 0 && grain * GRAIN < at + length; grain += 1)
          for (const one of everFrozen) one.touched.add(grain);
      };
      for (const step of operations) {
        if (step.do === 'write') {
          const bytes = Buffer.alloc(Math.min(step.length, capacity - step.at), step.byte);
          await disk.write(step.at, bytes);
          bytes.copy(live, step.at);
          touch(step.at, bytes.length);
        } else if (step.do === 'trim') {
          const end = Math.min(capacity, step.at + step.length);
          await disk.trim(step.at, end - step.at);
          live.fill(0, step.at, end);
          touch(step.at, end - step.at);
        } else if (step.do === 'freeze') {
          const id = `view-${next++}`;
          const changeId = await disk.freeze(id);
          const bytes = Buffer.from(live);
          for (const earlier of everFrozen) {
            const changed = [...disk.tracking.changedSince(id, earlier.changeId)!];
            expect(changed).toEqual([...earlier.touched].sort((a, b) => a - b));
            expect(changed).toEqual(expect.arrayContaining(differing(earlier.bytes, bytes)));
          }
          frozen.set(id, bytes);
          everFrozen.push({ id, changeId: changeId!, bytes, touched: new Set() });
        } else if (step.do === 'release') {
          const id = [...frozen.keys()][step.which];
          if (!id) continue;
          await disk.release(id);
          frozen.delete(id);
        } else {
          await disk.close();
          disk = await LabDisk.open(path, capacity, content);
        }
      }
      expect(disk.viewIds).toEqual([...frozen.keys()]);
      // What a view knew when it was frozen does not change with what comes after.
      for (const [index, { id }] of everFrozen.entries()) {
        if (!frozen.has(id)) continue;
        for (const earlier of everFrozen.slice(0, index)) {
          const changed = new Set(disk.tracking.changedSince(id, earlier.changeId));
          for (const grain of differing(earlier.bytes, frozen.get(id)!)) expect(changed).toContain(grain);
        }
      }
      for (const [id, expected] of [...frozen, [undefined, live] as const]) {
        expect((await disk.read(id, 0, capacity)).equals(expected)).toBe(true);
        const hashes = await hashDisk(disk, id);
        expect(hashes.digest).toBe(digestOf(expected));
      }
      await disk.close();
    }),
    { numRuns: 40, verbose: 1 },
  );
});

/** Over all blocks, without any knowledge of what is allocated. */
function digestOf(bytes: Buffer): string {
  const all = createHash('sha256');
  for (let offset = 0; offset < bytes.length; offset += HASH_BLOCK) {
    const block = Buffer.alloc(HASH_BLOCK);
    bytes.copy(block, 0, offset, offset + HASH_BLOCK);
    all.update(createHash('sha256').update(block).digest());
  }
  return all.digest('hex');
}

test('the same seed gives the same bytes, and about as many as were asked for', async () => {
  const size = 64 * 1024 * 1024;
  const content = { kind: 'seeded', seed: 'same', allocatedBytes: 4 * 1024 * 1024 } as const;
  const [one, other] = [
    await LabDisk.open(join(folder, 'one'), size, content),
    await LabDisk.open(join(folder, 'other'), size, content),
  ];
  const [first, second] = [await hashDisk(one, undefined), await hashDisk(other, undefined)];
  expect(first).toEqual(second);
  let grains = 0;
  for (let grain = one.nextAllocated(undefined, 0); grain >= 0; grain = one.nextAllocated(undefined, grain + 1))
    grains += 1;
  expect(grains * GRAIN).toBeGreaterThan(2 * 1024 * 1024);
  expect(grains * GRAIN).toBeLessThan(5 * 1024 * 1024);
  await one.close();
  await other.close();
});

test('a trimmed disk is empty for readers, and written to again it holds only what was written', async () => {
  const disk = await LabDisk.open(join(folder, 'trim'), 4 * GRAIN, {
    kind: 'incompressible',
    seed: 'a',
    bytes: 4 * GRAIN,
  });
  await disk.write(GRAIN, Buffer.alloc(GRAIN, 7));
  await disk.trim(100, 3 * GRAIN);
  expect([0, 1, 2, 3].map((grain) => disk.nextAllocated(undefined, grain))).toEqual([0, 3, 3, 3]);
  await disk.write(GRAIN + 10, Buffer.from('x'));
  const bytes = await disk.read(undefined, GRAIN, GRAIN);
  expect(bytes.equals(Buffer.alloc(GRAIN).fill('x', 10, 11))).toBe(true);
  await disk.close();
});

test('a disk grows with zeros at its end, not while a view is frozen, and stays so', async () => {
  const path = join(folder, 'grow');
  const content = { kind: 'incompressible', seed: 'a', bytes: GRAIN + 512 } as const;
  let disk = await LabDisk.open(path, GRAIN + 512, content);
  const before = await disk.read(undefined, 0, GRAIN + 512);
  await disk.freeze('view');
  await expect(disk.grow(3 * GRAIN)).rejects.toThrow('cannot grow');
  await disk.release('view');
  await disk.grow(3 * GRAIN);
  await disk.write(3 * GRAIN - 1, Buffer.from('!'));
  await disk.close();
  disk = await LabDisk.open(path, 3 * GRAIN, content);
  const expected = Buffer.alloc(3 * GRAIN);
  before.copy(expected);
  expected.write('!', 3 * GRAIN - 1);
  expect((await disk.read(undefined, 0, 3 * GRAIN)).equals(expected)).toBe(true);
  await disk.close();
});

test('a write beyond the end is refused', async () => {
  const disk = await LabDisk.open(join(folder, 'end'), GRAIN, { kind: 'empty' });
  expect(() => disk.write(GRAIN - 1, Buffer.alloc(2))).toThrow(RangeError);
  await disk.close();
});
