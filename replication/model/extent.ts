// Extents: stretches of a disk in bytes. What a source calls changed or allocated, and what is read because of it.
// Pure; anybody may import it.
import { z } from 'zod';

/** The unit in which disks are read, compared and written: 512 KiB, the block of EBS snapshots. */
export const DISK_BLOCK_BYTES = 512 * 1024;

export const extentSchema = z.object({
  /** Where the stretch begins in the disk, in bytes. */
  offset: z.int().nonnegative(),
  /** How many bytes it has. */
  length: z.int().positive(),
});

/** A list of extents is ascending and disjoint wherever nothing else is said. */
export type Extent = z.infer<typeof extentSchema>;

/** The one extent that is the whole disk. */
export function wholeDisk(capacityBytes: number): Extent[] {
  return [{ offset: 0, length: capacityBytes }];
}

/** Brings extents in any order, overlapping or touching, into the fewest ascending, disjoint ones; empty ones vanish. */
export function mergeExtents(extents: Iterable<Extent>): Extent[] {
  const sorted = [...extents].filter((extent) => !isEmpty(extent)).sort((left, right) => left.offset - right.offset);
  const merged: Extent[] = [];
  let last: Extent | undefined;
  for (const { offset, length } of sorted) {
    if (last && offset <= endOf(last)) {
      last.length = Math.max(endOf(last), offset + length) - last.offset;
    } else {
      last = { offset, length };
      merged.push(last);
    }
  }
  return merged;
}

/**
 * Rounds extents out to whole blocks and merges them. The end of the disk counts as the end of a block. What is added
 * must be read from the frozen disk like the rest: a block is never filled up with anything else.
 * Fails with a RangeError where an extent reaches beyond the disk, for then it tells of another disk.
 */
export function widenToBlocks(extents: Iterable<Extent>, capacityBytes: number): Extent[] {
  const widened: Extent[] = [];
  for (const extent of extents) {
    if (isEmpty(extent)) continue;
    if (endOf(extent) > capacityBytes) {
      throw new RangeError(`${spell(extent)} reaches beyond a disk of ${capacityBytes} bytes`);
    }
    const offset = firstIndex(extent) * DISK_BLOCK_BYTES;
    const end = Math.min((lastIndex(extent) + 1) * DISK_BLOCK_BYTES, capacityBytes);
    widened.push({ offset, length: end - offset });
  }
  return mergeExtents(widened);
}

/**
 * What must be read of a disk that had `before` bytes at the baseline and has `now`: the blocks of `extents`, and every
 * block from the old end on, whatever the source says about them.
 */
export function withGrowth(extents: Iterable<Extent>, before: number, now: number): Extent[] {
  const widened = widenToBlocks(extents, now);
  return now > before ? widenToBlocks([...widened, { offset: before, length: now - before }], now) : widened;
}

/** Bytes in all. */
export function coverage(extents: Iterable<Extent>): number {
  let bytes = 0;
  for (const { length } of extents) bytes += length;
  return bytes;
}

/** How many blocks have a byte in the extents. */
export function blockCountOf(extents: Iterable<Extent>): number {
  let count = 0;
  for (const { first, last } of blockRanges(extents)) count += last - first + 1;
  return count;
}

/** The indexes of the blocks that have a byte in the extents, ascending, each once. */
export function* indexesOf(extents: Iterable<Extent>): Generator<number> {
  for (const { first, last } of blockRanges(extents)) for (let index = first; index <= last; index += 1) yield index;
}

/** The extent that holds this byte of the disk, if any. Takes the logarithm of the number of extents. */
export function extentAt(extents: readonly Extent[], offset: number): Extent | null {
  const extent = extents[positionOf(extents, offset)];
  return extent && extent.offset <= offset ? extent : null;
}

/** The parts of the extents from byte `from` up to, and without, byte `to`. Passes over the others quickly. */
export function* clip(extents: readonly Extent[], from: number, to: number): Generator<Extent> {
  for (let at = positionOf(extents, from); at < extents.length && extents[at]!.offset < to; at += 1) {
    const offset = Math.max(extents[at]!.offset, from);
    const end = Math.min(endOf(extents[at]!), to);
    if (end > offset) yield { offset, length: end - offset };
  }
}

/** The position of the first extent that ends behind `offset`. */
function positionOf(extents: readonly Extent[], offset: number): number {
  let low = 0;
  for (let high = extents.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (endOf(extents[middle]!) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Ranges of block indexes; extents that share a block do not give it twice. */
function* blockRanges(extents: Iterable<Extent>): Generator<{ first: number; last: number }> {
  let next = 0;
  for (const extent of extents) {
    const first = Math.max(firstIndex(extent), next);
    const last = lastIndex(extent);
    if (extent.length > 0 && last >= first) yield { first, last };
    next = Math.max(next, last + 1);
  }
}

function firstIndex(extent: Extent): number {
  return Math.floor(extent.offset / DISK_BLOCK_BYTES);
}

function lastIndex(extent: Extent): number {
  return Math.ceil(endOf(extent) / DISK_BLOCK_BYTES) - 1;
}

function endOf(extent: Extent): number {
  return extent.offset + extent.length;
}

/** Whether it holds nothing; refuses what is no stretch of a disk at all. */
function isEmpty(extent: Extent): boolean {
  const { offset, length } = extent;
  const sound = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!sound || !Number.isSafeInteger(offset + length)) throw new RangeError(`${spell(extent)} is no part of a disk`);
  return length === 0;
}

function spell({ offset, length }: Extent): string {
  return `an extent of ${length} bytes at ${offset}`;
}
