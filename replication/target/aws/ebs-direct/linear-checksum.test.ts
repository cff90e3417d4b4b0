import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ZERO_BLOCK_DIGEST } from '../../../disks/block.ts';
import { LinearChecksum, linearChecksumOf } from './linear-checksum.ts';
import { WrittenBlocks } from './written-blocks.ts';

const digestOf = (index: number) => createHash('sha256').update(`block ${index}`).digest();
const expected = (indexes: readonly number[]) =>
  createHash('sha256')
    .update(Buffer.concat(indexes.toSorted((left, right) => left - right).map(digestOf)))
    .digest('base64');

/** Distinct block indexes that ascend but for a disorder of some blocks, as parallel writers bring them. */
const nearlyAscending = fc
  .uniqueArray(fc.nat(20_000), { maxLength: 300 })
  .chain((indexes) =>
    fc
      .array(fc.nat(1000), { minLength: indexes.length, maxLength: indexes.length })
      .map((late) =>
        indexes.map((index, at) => ({ index, order: index + late[at]! })).sort((a, b) => a.order - b.order),
      ),
  )
  .map((items) => items.map(({ index }) => index));

test('whatever the order within the stretch that is kept, and however often a block comes', () => {
  fc.assert(
    fc.property(nearlyAscending, fc.array(fc.nat(), { maxLength: 5 }), (order, again) => {
      const checksum = new LinearChecksum(3);
      for (const [at, index] of order.entries()) {
        checksum.add(index, digestOf(index));
        if (again.includes(at)) checksum.add(index, digestOf(index));
      }
      expect(checksum.value(order.length)).toBe(expected(order));
    }),
    { verbose: true },
  );
});

test('no checksum is better than a wrong one: a block too late, or one that never came', () => {
  const late = new LinearChecksum(2);
  for (const index of [0, 1024, 2048, 4096, 5]) late.add(index, digestOf(index));
  expect(late.value(5)).toBeNull();
  const lacking = new LinearChecksum();
  lacking.add(7, digestOf(7));
  expect(lacking.value(2)).toBeNull();
  expect(() => lacking.add(7, digestOf(8))).toThrow(/different bytes/);
});

test('from digests kept elsewhere: only what was written counts, and what they leave out was zeros', async () => {
  const digests = async function* () {
    for (const index of [1, 3, 4, 9]) yield { index, digest: digestOf(index) };
  };
  const whole = createHash('sha256').update(Buffer.concat([ZERO_BLOCK_DIGEST, digestOf(3), digestOf(9)]));
  expect(await linearChecksumOf([2, 3, 9], digests(), ZERO_BLOCK_DIGEST)).toBe(whole.digest('base64'));
});

test('a record of written blocks survives its text', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(9999)), (indexes) => {
      const written = new WrittenBlocks(10_000);
      for (const index of indexes) expect(written.add(index)).toBe(true);
      const read = WrittenBlocks.fromText(written.toText(), 10_000);
      expect([...read.indexes()]).toEqual(indexes.toSorted((left, right) => left - right));
      expect(read.count).toBe(indexes.length);
    }),
  );
  expect(() => WrittenBlocks.fromText(randomBytes(30).toString('base64'), 10_000)).toThrow(/does not belong/);
});

test('a disk of 16 TiB that is full takes a checkpoint of a few kilobytes', () => {
  const blocks = 2 ** 25;
  const written = new WrittenBlocks(blocks);
  for (let index = 0; index < blocks; index += 1) written.add(index);
  expect(written.toText().length).toBeLessThan(64 * 1024);
});
