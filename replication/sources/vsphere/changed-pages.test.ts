// Pages of changed areas that no sound vCenter gives, from a scripted one; and the memory that very many areas take.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockCountOf, coverage, DISK_BLOCK_BYTES, type Extent, indexesOf } from '../../model/extent.ts';
import { ChangesUnknown } from '../source.ts';
import { never } from '../testing-readers.ts';
import { changedAreas } from './changed-areas.ts';
import { GatheredExtents } from './gathered-extents.ts';
import type { VimSession } from './session.ts';
import { parseXml } from './xml/xml-node.ts';

const CAPACITY = 4 * 1024 * 1024;
const MACHINE = `<r xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><returnval><objects>
  <obj type="VirtualMachineSnapshot">snapshot-1</obj>
  <propSet><name>config.hardware</name><val><device x:type="VirtualDisk"><key>2000</key>
    <backing x:type="VirtualDiskFlatVer2BackingInfo"><fileName>[s] a/a.vmdk</fileName><uuid>one</uuid><changeId>52/7</changeId></backing>
    <capacityInBytes>${CAPACITY}</capacityInBytes></device></val></propSet></objects></returnval></r>`;

/** A vCenter with one disk, which answers each question about changes with the next of the pages. */
function scripted(pages: string[]): { session: VimSession; asked: string[] } {
  const asked: string[] = [];
  const session = {
    content: async () => ({ propertyCollector: { type: 'PropertyCollector', value: 'p' } }),
    call: async (_target: unknown, method: string, parameters: { xml: string }[]) => {
      if (method !== 'QueryChangedDiskAreas') return parseXml(MACHINE);
      asked.push(/<startOffset>(\d+)/.exec(parameters.map(({ xml }) => xml).join(''))?.[1] ?? '');
      return parseXml(`<r><returnval>${pages.shift() ?? ''}</returnval></r>`);
    },
  };
  return { session: session as unknown as VimSession, asked };
}

const page = (startOffset: number, length: number, ...areas: [number, number][]) =>
  `<startOffset>${startOffset}</startOffset><length>${length}</length>${areas
    .map(([start, bytes]) => `<changedArea><start>${start}</start><length>${bytes}</length></changedArea>`)
    .join('')}`;
const ask = (session: VimSession) => changedAreas(session, 'vm-1', 'snapshot-1', 'one', '52/6', never);

describe('pages of changed areas', () => {
  it('are asked for one after the other, also behind an empty one, and never at the end of the disk', async () => {
    const block = DISK_BLOCK_BYTES;
    const { session, asked } = scripted([
      page(0, 65_536, [0, 512]),
      page(65_536, 2 * block),
      page(65_536 + 2 * block, CAPACITY - 65_536 - 2 * block, [3 * block + 100, 1]),
    ]);
    expect(await ask(session)).toEqual([
      { offset: 0, length: block },
      { offset: 3 * block, length: block },
    ]);
    expect(asked).toEqual(['0', '65536', String(65_536 + 2 * block)]);
  });

  it.each([
    ['about another place', [page(512, CAPACITY)]],
    ['that lead nowhere', [page(0, 0)]],
    ['that lead backwards', [page(0, 1024), page(1024, -512)]],
    ['beyond the disk', [page(0, CAPACITY, [CAPACITY - 512, 1024])]],
    ['before the disk', [page(0, CAPACITY, [-512, 512])]],
    ['without a length', ['<startOffset>0</startOffset>']],
    ['with numbers that are none', [page(0, Number.NaN)]],
    ['with nothing', ['']],
  ])('%s are a doubt', async (_, pages) => {
    await expect(ask(scripted([...pages]).session)).rejects.toBeInstanceOf(ChangesUnknown);
  });
});

describe('gathered extents', () => {
  const capacity = 1024 * DISK_BLOCK_BYTES + 512;
  const extent = fc
    .tuple(fc.nat(capacity - 1), fc.integer({ min: 1, max: 3_000_000 }))
    .map(([offset, length]): Extent => ({ offset, length: Math.min(length, capacity - offset) }));

  it('hold every block that was told, in whatever order, and stay few', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(extent, { maxLength: 20 }), { maxLength: 20 }),
        fc.integer({ min: 2, max: 40 }),
        (pages, most) => {
          const gathered = new GatheredExtents(capacity, most);
          for (const one of pages) gathered.add(one);
          const found = gathered.extents();
          expect(found.length).toBeLessThanOrEqual(most);
          const told = new Set(indexesOf(pages.flat().sort((a, b) => a.offset - b.offset)));
          const held = new Set(indexesOf(found));
          for (const index of told) expect(held.has(index)).toBe(true);
          let end = -1;
          for (const { offset, length } of found) {
            expect(offset).toBeGreaterThan(end);
            expect(offset % DISK_BLOCK_BYTES).toBe(0);
            end = offset + length;
          }
          expect(end).toBeLessThanOrEqual(capacity);
        },
      ),
    );
  });

  it('are exactly what was told while they are few', () => {
    const gathered = new GatheredExtents(capacity);
    for (let index = 0; index < 1024; index += 2) gathered.add([{ offset: index * DISK_BLOCK_BYTES, length: 1 }]);
    expect(blockCountOf(gathered.extents())).toBe(512);
  });

  it('take bounded memory on a disk of 16 TiB whose every other block changed', () => {
    const blocks = 2 ** 25;
    const gathered = new GatheredExtents(blocks * DISK_BLOCK_BYTES);
    for (let at = 0; at < 2 ** 20; at += 2000) {
      const areas = Array.from({ length: 1000 }, (_, i) => ({
        offset: (at + 2 * i) * DISK_BLOCK_BYTES,
        length: 65_536,
      }));
      gathered.add(areas);
    }
    expect(gathered.extents().length).toBeLessThanOrEqual(65_536);
    expect(coverage(gathered.extents())).toBeLessThanOrEqual((2 ** 20 + 2000) * DISK_BLOCK_BYTES);
  });
});
