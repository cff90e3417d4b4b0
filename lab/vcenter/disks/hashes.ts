// The lab's own fingerprints of a disk, by which tests judge copies of it.
import { createHash } from 'node:crypto';
import type { LabDisk } from './disk.ts';
import { GRAIN } from './grain-map.ts';

export const HASH_BLOCK = 524_288;

export interface DiskHashes {
  /** Bytes in a block; the last block counts as filled up with zeros. */
  blockSize: number;
  /** Bytes in the disk. */
  capacity: number;
  blockCount: number;
  /** SHA-256 (hex) of a block of zeros: of every block that is not listed. */
  zeroBlock: string;
  /** `[index, SHA-256 in hex]` of each block that is not all zeros, ascending. */
  blocks: [number, string][];
  /** SHA-256 (hex) over the 32-byte hashes of all blocks in order, zero blocks too. */
  digest: string;
}

const zeroBlock = createHash('sha256').update(Buffer.alloc(HASH_BLOCK)).digest('hex');

/** Hashes the live disk, or a frozen view of it. Reads only what is allocated. */
export async function hashDisk(disk: LabDisk, view: string | undefined): Promise<DiskHashes> {
  const blockCount = Math.ceil(disk.capacity / HASH_BLOCK);
  const grainsPerBlock = HASH_BLOCK / GRAIN;
  const blocks: [number, string][] = [];
  const block = Buffer.alloc(HASH_BLOCK);
  for (let grain = disk.nextAllocated(view, 0); grain >= 0; ) {
    const index = Math.floor(grain / grainsPerBlock);
    const bytes = await disk.read(view, index * HASH_BLOCK, HASH_BLOCK, block);
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (hash !== zeroBlock) blocks.push([index, hash]);
    grain = disk.nextAllocated(view, (index + 1) * grainsPerBlock);
  }
  return {
    blockSize: HASH_BLOCK,
    capacity: disk.capacity,
    blockCount,
    zeroBlock,
    blocks,
    digest: digestOf(blockCount, blocks),
  };
}

function digestOf(blockCount: number, blocks: [number, string][]): string {
  const all = createHash('sha256');
  const zero = Buffer.from(zeroBlock, 'hex');
  let next = 0;
  for (const [index, hash] of blocks) {
    for (; next < index; next += 1) all.update(zero);
    all.update(Buffer.from(hash, 'hex'));
    next = index + 1;
  }
  for (; next < blockCount; next += 1) all.update(zero);
  return all.digest('hex');
}
