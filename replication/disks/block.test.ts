import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { blockCount, checkCapacity, DISK_BLOCK_BYTES, isZero, makeBlock, ZERO_BLOCK_DIGEST } from './block.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a disk block', () => {
  it('of zeros has no bytes and the digest of zeros, also at the end of a disk', () => {
    const zeros = hex(createHash('sha256').update(Buffer.alloc(DISK_BLOCK_BYTES)).digest());
    expect(hex(ZERO_BLOCK_DIGEST)).toBe(zeros);
    const last = makeBlock(1, DISK_BLOCK_BYTES + 512, new Uint8Array(512));
    expect(last).toMatchObject({ index: 1, offset: DISK_BLOCK_BYTES, length: 512, data: null });
    expect(hex(last.digest)).toBe(zeros);
  });

  it('of other bytes has the digest of 512 KiB, filled up with zeros', () => {
    const padded = Buffer.alloc(DISK_BLOCK_BYTES);
    padded[511] = 1;
    const block = makeBlock(0, 512, padded.subarray(0, 512));
    expect(hex(block.digest)).toBe(createHash('sha256').update(padded).digest('hex'));
    expect(block.data?.length).toBe(512);
  });

  it('must fit its disk', () => {
    expect(() => makeBlock(1, DISK_BLOCK_BYTES, null)).toThrow(/does not fit/);
    expect(() => makeBlock(0, DISK_BLOCK_BYTES, new Uint8Array(512))).toThrow(/does not fit/);
    expect(() => makeBlock(-1, DISK_BLOCK_BYTES, null)).toThrow(/does not fit/);
  });

  it('is zeros only if every byte is', () => {
    for (const size of [1, 512, DISK_BLOCK_BYTES, DISK_BLOCK_BYTES * 2 + 7]) {
      const bytes = new Uint8Array(size);
      expect(isZero(bytes)).toBe(true);
      bytes[size - 1] = 1;
      expect(isZero(bytes)).toBe(false);
    }
  });

  it('counts disks of any size', () => {
    expect([512, DISK_BLOCK_BYTES, DISK_BLOCK_BYTES + 512].map(blockCount)).toEqual([1, 1, 2]);
    expect(() => checkCapacity(513)).toThrow(/512-byte sectors/);
    expect(() => checkCapacity(2 ** 44)).not.toThrow();
  });
});
