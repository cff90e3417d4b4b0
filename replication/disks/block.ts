// The unit in which disks are read, hashed, compared and written: 512 KiB, the block of EBS snapshots.
// Part of replication/disks, which may import only replication/model, Node's own modules and zod.
import { createHash } from 'node:crypto';
import { DISK_BLOCK_BYTES } from '../model/extent.ts';
import { faultError } from '../model/fault.ts';

export { DISK_BLOCK_BYTES } from '../model/extent.ts';
export const SECTOR_BYTES = 512;

const ZEROS = new Uint8Array(DISK_BLOCK_BYTES);

export interface DiskBlock {
  /** Number of the block in the disk; `offset` is `index * DISK_BLOCK_BYTES`. */
  readonly index: number;
  /** Where the block begins in the disk, in bytes. */
  readonly offset: number;
  /** Bytes of the disk that it covers: DISK_BLOCK_BYTES, less in the last block of a disk that does not end on one. */
  readonly length: number;
  /** Exactly `length` bytes, or null: null if and only if every byte is zero. Nobody changes the bytes any more. */
  readonly data: Uint8Array | null;
  /** SHA-256 (32 bytes) of the block filled up with zeros to DISK_BLOCK_BYTES, as EBS direct wants it. */
  readonly digest: Uint8Array;
}

/** The digest of every block that holds nothing but zeros. */
export const ZERO_BLOCK_DIGEST: Uint8Array = createHash('sha256').update(ZEROS).digest();

/** How many blocks a disk of so many bytes has. */
export function blockCount(capacityBytes: number): number {
  return Math.ceil(capacityBytes / DISK_BLOCK_BYTES);
}

/** Bytes of the disk that block `index` covers. */
export function blockLength(index: number, capacityBytes: number): number {
  return Math.min(DISK_BLOCK_BYTES, capacityBytes - index * DISK_BLOCK_BYTES);
}

/** Makes the block of the bytes that stand at `index`: looks whether they are zeros and computes the digest. */
export function makeBlock(index: number, capacityBytes: number, bytes: Uint8Array | null): DiskBlock {
  const length = blockLength(index, capacityBytes);
  const misplaced = !Number.isSafeInteger(index) || index < 0 || length <= 0 || (bytes && bytes.length !== length);
  if (misplaced) {
    const size = bytes ? `${bytes.length} bytes` : 'zeros';
    throw faultError('internal', {
      message: `Block ${index} (${size}) does not fit a disk of ${capacityBytes} bytes.`,
    });
  }
  const offset = index * DISK_BLOCK_BYTES;
  if (bytes === null || isZero(bytes)) return { index, offset, length, data: null, digest: ZERO_BLOCK_DIGEST };
  return { index, offset, length, data: bytes, digest: blockDigest(bytes) };
}

/** SHA-256 of the bytes filled up with zeros to DISK_BLOCK_BYTES. */
function blockDigest(bytes: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update(bytes);
  if (bytes.length < DISK_BLOCK_BYTES) hash.update(ZEROS.subarray(bytes.length));
  return hash.digest();
}

/** Whether all bytes are zero; costs almost nothing where an early byte is not. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}

/** Refuses a capacity that no disk of ours can have: none, not whole sectors, or beyond exact numbers. */
export function checkCapacity(capacityBytes: number): void {
  if (Number.isSafeInteger(capacityBytes) && capacityBytes > 0 && capacityBytes % SECTOR_BYTES === 0) return;
  throw faultError('disk-unsupported', {
    message: `A disk of ${capacityBytes} bytes cannot be copied: its size is not a whole number of 512-byte sectors.`,
  });
}
