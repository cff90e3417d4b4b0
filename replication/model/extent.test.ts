import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blockCountOf,
  clip,
  coverage,
  DISK_BLOCK_BYTES,
  type Extent,
  extentAt,
  extentSchema,
  indexesOf,
  mergeExtents,
  wholeDisk,
  widenToBlocks,
  withGrowth,
} from './extent.ts';

/** Small numbers stand for bytes, so that a set of bytes can be written out. */
const small = fc.array(fc.record({ offset: fc.nat(60), length: fc.nat(12) }), { maxLength: 12 });

/** Extents of a disk of some blocks, with ends anywhere. */
const disk = fc
  .record({
    sectors: fc.integer({ min: 1, max: 20_000 }),
    cuts: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 }),
  })
  .map(({ sectors, cuts }) => {
    const capacity = sectors * 512;
    const extents = cuts.map(([start, size]) => {
      const offset = start % capacity;
      return { offset, length: size % (capacity - offset + 1) };
    });
    return { capacity, extents };
  });

function bytesOf(extents: Iterable<Extent>): number[] {
  const bytes = new Set<number>();
  for (const { offset, length } of extents) for (let at = 0; at < length; at += 1) bytes.add(offset + at);
  return [...bytes].sort((left, right) => left - right);
}

function isNormal(extents: readonly Extent[]): boolean {
  return extents.every(
    ({ offset, length }, at) => length > 0 && (at === 0 || extents[at - 1]!.offset + extents[at - 1]!.length < offset),
  );
}

function blocksTouched(extents: readonly Extent[]): number[] {
  const touched = new Set<number>();
  for (const { offset, length } of extents) {
    for (let at = offset; at < offset + length; at += 512) touched.add(Math.floor(at / DISK_BLOCK_BYTES));
    if (length > 0) touched.add(Math.floor((offset + length - 1) / DISK_BLOCK_BYTES));
  }
  return [...touched].sort((left, right) => left - right);
}

describe('extents', () => {
  it('are merged into the fewest that hold the same bytes', () => {
    fc.assert(
      fc.property(small, (extents) => {
        const before = structuredClone(extents);
        const merged = mergeExtents(extents);
        expect(bytesOf(merged)).toEqual(bytesOf(extents));
        expect(isNormal(merged)).toBe(true);
        expect(coverage(merged)).toBe(bytesOf(extents).length);
        expect(extents).toEqual(before);
      }),
      { verbose: 1 },
    );
  });

  it('are widened to exactly the whole blocks that they touch', () => {
    fc.assert(
      fc.property(disk, ({ capacity, extents }) => {
        const widened = widenToBlocks(extents, capacity);
        const touched = blocksTouched(extents);
        expect([...indexesOf(widened)]).toEqual(touched);
        expect(blockCountOf(widened)).toBe(touched.length);
        expect(isNormal(widened)).toBe(true);
        for (const { offset, length } of widened) {
          expect(offset % DISK_BLOCK_BYTES).toBe(0);
          const end = offset + length;
          expect(end % DISK_BLOCK_BYTES === 0 || end === capacity).toBe(true);
        }
        expect(widenToBlocks(widened, capacity)).toEqual(widened);
        expect([...indexesOf(mergeExtents(extents))]).toEqual(touched);
        expect(blockCountOf(mergeExtents(extents))).toBe(touched.length);
      }),
      { verbose: 1 },
    );
  });

  it('tell which of them holds a byte, and what lies in a range', () => {
    fc.assert(
      fc.property(small, fc.nat(80), fc.nat(40), (extents, from, span) => {
        const merged = mergeExtents(extents);
        const bytes = bytesOf(merged);
        const found = extentAt(merged, from);
        expect(found !== null).toBe(bytes.includes(from));
        if (found) expect(bytesOf([found])).toContain(from);
        const parts = [...clip(merged, from, from + span)];
        expect(bytesOf(parts)).toEqual(bytes.filter((at) => at >= from && at < from + span));
        expect(isNormal(parts)).toBe(true);
      }),
      { verbose: 1 },
    );
  });

  it('of a disk that grew hold everything from the block of its old end on', () => {
    const block = DISK_BLOCK_BYTES;
    expect(withGrowth([], 3 * block, 3 * block)).toEqual([]);
    expect(withGrowth([], 3 * block, 4 * block + 512)).toEqual([{ offset: 3 * block, length: block + 512 }]);
    expect(withGrowth([{ offset: 0, length: 1 }], 3 * block - 512, 4 * block)).toEqual([
      { offset: 0, length: block },
      { offset: 2 * block, length: 2 * block },
    ]);
    expect(withGrowth(wholeDisk(4 * block), block, 4 * block)).toEqual(wholeDisk(4 * block));
  });

  it('are refused where they are no part of the disk', () => {
    for (const [offset, length] of [
      [1024, 1],
      [1023, 2],
      [-1, 4],
      [0, -1],
      [0.5, 1],
      [Number.NaN, 1],
      [1, 2 ** 53],
    ]) {
      expect(() => widenToBlocks([{ offset: offset!, length: length! }], 1024)).toThrow(RangeError);
    }
    expect(widenToBlocks([{ offset: 4096, length: 0 }], 1024)).toEqual([]);
    expect(extentSchema.safeParse({ offset: 0, length: 0 }).success).toBe(false);
  });
});
