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
  { weight: 3, arbitrary: fc.record({ do: fc.constant('freeze' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);

test('frozen views stay as they were, whatever is written, released or reopened', async () => {
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
      let next = 1;
      for (const step of operations) {
        if (step.do === 'write') {
          const bytes = Buffer.alloc(Math.min(step.length, capacity - step.at), step.byte);
          await disk.write(step.at, bytes);
          bytes.copy(live, step.at);
        } else if (step.do === 'freeze') {
          const id = `view-${next++}`;
          await disk.freeze(id);
          frozen.set(id, Buffer.from(live));
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

test('a write beyond the end is refused', async () => {
  const disk = await LabDisk.open(join(folder, 'end'), GRAIN, { kind: 'empty' });
  expect(() => disk.write(GRAIN - 1, Buffer.alloc(2))).toThrow(RangeError);
  await disk.close();
});
