import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isPieceOf,
  largestMemory,
  largestObject,
  MAX_PARTS,
  MIN_PART_BYTES,
  PART_SCHEDULE,
  PARTS_IN_FLIGHT,
  pieceKey,
} from './part-schedule.ts';
import { backoffMs, PART_RETRY } from './part-sender.ts';

const GiB = 1024 ** 3;

test('10,000 parts hold a disk of 16 TiB with all that VMDK may add', () => {
  expect(largestObject(PART_SCHEDULE)).toBeGreaterThan(16 * 1024 * GiB * 1.01);
  expect(PART_SCHEDULE.plainParts).toBeLessThan(MAX_PARTS);
});

test('no part is outside what S3 takes, and none shrinks', () => {
  let before = 0;
  for (let number = 1; number <= PART_SCHEDULE.plainParts; number += 1) {
    const bytes = PART_SCHEDULE.plainBytes(number);
    expect(bytes).toBeGreaterThanOrEqual(Math.max(MIN_PART_BYTES, before));
    before = bytes;
  }
  expect(PART_SCHEDULE.composedBytes).toBeLessThanOrEqual(5 * GiB);
  expect(PART_SCHEDULE.composedBytes / PART_SCHEDULE.pieceBytes).toBeLessThanOrEqual(MAX_PARTS);
  expect(PART_SCHEDULE.composedBytes % PART_SCHEDULE.pieceBytes).toBe(0);
});

test('what is held in memory is one buffer to fill and four on their way', () => {
  expect(largestMemory(PART_SCHEDULE)).toBe((PARTS_IN_FLIGHT + 1) * 8 * 1024 ** 2);
});

test('a large disk is held in no larger buffers than a small one', () => {
  const { plainParts, plainBytes, pieceBytes } = PART_SCHEDULE;
  const sizes = Array.from({ length: plainParts }, (_, index) => plainBytes(index + 1));
  expect(new Set([...sizes, pieceBytes]).size).toBe(1);
});

test('a piece is known by its key, and nothing else is taken for one', () => {
  expect(isPieceOf('landfall/a/b/disk', pieceKey('landfall/a/b/disk', 6501))).toBe(true);
  for (const other of [
    'landfall/a/b/disk',
    'landfall/a/b/disk.piece-1',
    'landfall/a/b/disk.piece-065012',
    'x.piece-06501',
  ]) {
    expect(isPieceOf('landfall/a/b/disk', other)).toBe(false);
  }
});

test('waits are drawn from the whole span, which doubles up to its cap', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, draw) => {
      const wait = backoffMs(attempt, { ...PART_RETRY, random: () => draw });
      const span = Math.min(PART_RETRY.capMs, PART_RETRY.baseMs * 2 ** attempt);
      expect(wait).toBeCloseTo(draw * span, 6);
    }),
  );
});
