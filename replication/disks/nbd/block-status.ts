// The block status of a whole disk, page by page, and the extents that are made of it.
// Part of replication/disks/nbd.
import { DISK_BLOCK_BYTES, type Extent } from '../../model/extent.ts';
import type { StatusExtent } from './answers.ts';

// The protocol's limit is 4 GiB less a byte. A server walks through its own map before it answers.
const PAGE_BYTES = 1024 * 1024 * 1024;

/** Asks for the status of a part of the disk. The answer begins at `offset` and may end before or behind the part. */
export type AskStatus = (offset: number, length: number) => Promise<StatusExtent[]>;

/** The whole disk, ascending and without gaps; neighbours differ in their flags. In memory: one answer. */
export async function* wholeStatus(ask: AskStatus, capacityBytes: number): AsyncGenerator<StatusExtent> {
  let last: StatusExtent | undefined;
  for (let at = 0; at < capacityBytes; ) {
    // A short answer is no error: the next page begins where it ended.
    for (const { offset, length, flags } of await ask(at, Math.min(PAGE_BYTES, capacityBytes - at))) {
      const within = Math.min(length, capacityBytes - offset);
      if (within <= 0) break;
      at = offset + within;
      if (last?.flags === flags) {
        last.length += within;
      } else {
        if (last) yield last;
        last = { offset, length: within, flags };
      }
    }
  }
  if (last) yield last;
}

/** The blocks that have a byte in a stretch that is `wanted`, as the fewest extents. In memory: those extents. */
export async function blocksWith(
  status: AsyncIterable<StatusExtent>,
  wanted: (flags: number) => boolean,
  capacityBytes: number,
): Promise<Extent[]> {
  const extents: Extent[] = [];
  let last: Extent | undefined;
  for await (const { offset, length, flags } of status) {
    if (!wanted(flags)) continue;
    const from = Math.floor(offset / DISK_BLOCK_BYTES) * DISK_BLOCK_BYTES;
    const to = Math.min(Math.ceil((offset + length) / DISK_BLOCK_BYTES) * DISK_BLOCK_BYTES, capacityBytes);
    if (last && from <= last.offset + last.length) {
      last.length = to - last.offset;
    } else {
      last = { offset: from, length: to - from };
      extents.push(last);
    }
  }
  return extents;
}
