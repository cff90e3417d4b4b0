import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabDisk } from '../disks/disk.ts';
import { GRAIN } from '../disks/grain-map.ts';
import { streamVmdk } from './stream.ts';
import { readByRecords, readByTables } from './testing-read.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-vmdk-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function whole(disk: LabDisk, layout: 'tables-in-front' | 'directory-at-end', view?: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let position = 0;
  for await (const piece of streamVmdk({ disk, view, layout, name: 'disk-0.vmdk', adapter: 'lsilogic' })) {
    pieces.push(piece.bytes);
    expect(piece.position).toBeGreaterThanOrEqual(position);
    position = piece.position;
  }
  expect(position).toBe(disk.capacity);
  return Buffer.concat(pieces);
}

const grainsOfTwoTables = 600;

describe.each(['tables-in-front', 'directory-at-end'] as const)('%s', (layout) => {
  test('any sparse disk reads back, by its records and by its tables', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: grainsOfTwoTables * 128 }),
        fc.array(
          fc.record({ grain: fc.nat(grainsOfTwoTables), kind: fc.constantFrom('noise', 'text', 'zero', 'short') }),
          { maxLength: 12 },
        ),
        async (sectors, pieces) => {
          const capacity = sectors * 512;
          const disk = await LabDisk.open(join(folder, `${layout}-${runs++}`), capacity, { kind: 'empty' });
          for (const { grain, kind } of pieces) {
            const at = grain * GRAIN;
            if (at >= capacity) continue;
            const length = Math.min(kind === 'short' ? 100 : GRAIN, capacity - at);
            await disk.write(
              at,
              kind === 'noise' ? randomBytes(length) : Buffer.alloc(length, kind === 'zero' ? 0 : 'abc\n'),
            );
          }
          const expected = await disk.read(undefined, 0, capacity);
          const file = await whole(disk, layout);
          const { disk: read, markers } = readByRecords(file);
          expect(read.equals(expected)).toBe(true);
          expect(readByTables(file).equals(expected)).toBe(true);
          expect(markers.slice(-3)).toEqual(layout === 'tables-in-front' ? [0] : [2, 3, 0]);
          await disk.close();
        },
      ),
      { numRuns: 10, verbose: 1 },
    );
  });

  test('what is written during the export is not in it', async () => {
    const capacity = 40 * GRAIN;
    const disk = await LabDisk.open(join(folder, `${layout}-frozen`), capacity, {
      kind: 'incompressible',
      seed: 'x',
      bytes: capacity,
    });
    await disk.freeze('view');
    const before = await disk.read('view', 0, capacity);
    const pieces: Buffer[] = [];
    for await (const { bytes } of streamVmdk({ disk, view: 'view', layout, name: 'd', adapter: 'ide' })) {
      pieces.push(bytes);
      await disk.write(0, randomBytes(capacity));
    }
    expect(readByRecords(Buffer.concat(pieces)).disk.equals(before)).toBe(true);
    await disk.close();
  });
});
