// Gathers the extents of many pages in bounded memory.
import { DISK_BLOCK_BYTES, type Extent, mergeExtents, widenToBlocks } from '../../model/extent.ts';

/** So many stay apart at most; beyond it small gaps count as changed, which is read in vain and never wrong. */
const MOST_EXTENTS = 65_536;

export class GatheredExtents {
  readonly #capacityBytes: number;
  readonly #most: number;
  #extents: Extent[] = [];

  constructor(capacityBytes: number, most = MOST_EXTENTS) {
    this.#capacityBytes = capacityBytes;
    this.#most = most;
  }

  /** Adds a page, in any order; pages that come ascending cost their own size only. */
  add(page: readonly Extent[]): void {
    const fresh = widenToBlocks(page, this.#capacityBytes);
    const [first] = fresh;
    const last = this.#extents.at(-1);
    if (!first) return;
    if (last && first.offset < last.offset) {
      this.#extents = mergeExtents([...this.#extents, ...fresh]);
    } else {
      const tail = last ? [this.#extents.pop() ?? last, ...fresh] : fresh;
      for (const extent of mergeExtents(tail)) this.#extents.push(extent);
    }
    if (this.#extents.length <= this.#most) return;
    // To half of it, so that it happens seldom.
    for (let gap = DISK_BLOCK_BYTES; this.#extents.length > this.#most / 2; gap *= 2) {
      this.#extents = closeGaps(this.#extents, gap);
    }
  }

  /** Whole blocks, ascending and disjoint. */
  extents(): Extent[] {
    return this.#extents;
  }
}

function closeGaps(extents: readonly Extent[], widest: number): Extent[] {
  const closed: Extent[] = [];
  for (const extent of extents) {
    const last = closed.at(-1);
    const end = last ? last.offset + last.length : 0;
    if (last && extent.offset - end <= widest) last.length = extent.offset + extent.length - last.offset;
    else closed.push({ ...extent });
  }
  return closed;
}
