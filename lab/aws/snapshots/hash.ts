// The lab's own hash of a snapshot, for tests: SHA-256 of every 512 KiB block and one digest over all of them.
// Knows nothing of what Landfall thinks the bytes should be.
import { createHash } from 'node:crypto';
import { blockSize } from './block-file.ts';

const zeroDigest = createHash('sha256').update(Buffer.alloc(blockSize)).digest();

export interface SnapshotHash {
  snapshotId: string;
  /** Bytes of one block. */
  blockSize: number;
  /** GiB. */
  volumeSize: number;
  /** Number of blocks that the hash covers. */
  blockCount: number;
  /** SHA-256 over the raw digests of all blocks, ascending; hex. */
  digest: string;
  /** SHA-256 of each block, ascending; hex. */
  blocks: string[];
  /** How many of them hold only zeros. */
  zeroBlocks: number;
}

/**
 * Puts together the digests of `blockCount` blocks; `digestOf` answers undefined for a block that nobody wrote.
 * Digests are of the real bytes, never of what a client claimed; an unwritten block costs nothing.
 */
export async function hashBlocks(
  blockCount: number,
  digestOf: (index: number, into: Buffer) => Promise<Buffer | undefined>,
): Promise<Pick<SnapshotHash, 'blockCount' | 'digest' | 'blocks' | 'zeroBlocks'>> {
  const whole = createHash('sha256');
  const blocks: string[] = [];
  const block = Buffer.alloc(blockSize);
  const zeroHex = zeroDigest.toString('hex');
  let zeroBlocks = 0;
  for (let index = 0; index < blockCount; index += 1) {
    const digest = (await digestOf(index, block)) ?? zeroDigest;
    whole.update(digest);
    const hex = digest === zeroDigest ? zeroHex : digest.toString('hex');
    if (hex === zeroHex) zeroBlocks += 1;
    blocks.push(hex);
  }
  return { blockCount, digest: whole.digest('hex'), blocks, zeroBlocks };
}

/** The linear checksum of EBS direct: SHA-256 over the raw digests of the written blocks in ascending order, base64. */
export async function linearChecksum(digests: AsyncIterable<Buffer>): Promise<string> {
  const whole = createHash('sha256');
  for await (const digest of digests) whole.update(digest);
  return whole.digest('base64');
}
