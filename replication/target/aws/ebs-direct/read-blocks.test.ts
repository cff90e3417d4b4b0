import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DISK_BLOCK_BYTES, type DiskBlock, makeBlock, ZERO_BLOCK_DIGEST } from '../../../disks/block.ts';
import { toFault } from '../../../model/fault.ts';
import type { DigestEntry } from './port.ts';
import { type EbsLab, never, startEbsLab } from './testing-lab.ts';

const GiB = 1024 ** 3;
const capacityBytes = 5 * GiB;
const INDEXES = [0, 1, 2, 77, 4095, 4096, 9000, 10239];

let lab: EbsLab;
let blocks: Map<number, DiskBlock>;
let parent: string;
let child: string;

const block = (index: number, bytes: Uint8Array | null = randomBytes(DISK_BLOCK_BYTES)) =>
  makeBlock(index, capacityBytes, bytes);

beforeAll(async () => {
  lab = await startEbsLab();
  blocks = new Map(INDEXES.map((index) => [index, block(index)]));
  parent = await lab.snapshotOf([...blocks.values()], { capacityBytes });
  for (const changed of [block(1), block(77, null), block(5000)]) blocks.set(changed.index, changed);
  const written = [1, 77, 5000].map((index) => blocks.get(index)!);
  child = await lab.snapshotOf(written, { capacityBytes, parentSnapshotId: parent });
});
afterEach(() => lab.reset());
afterAll(() => lab[Symbol.asyncDispose]());

/** The digests of the child as a digest set holds them: ascending, without zero blocks. */
const digests = (changes: Record<number, Uint8Array | null> = {}): DigestEntry[] => {
  const all = new Map([...blocks].filter(([, { data }]) => data).map(([index, { digest }]) => [index, digest]));
  for (const [index, digest] of Object.entries(changes)) {
    if (digest) all.set(Number(index), digest);
    else all.delete(Number(index));
  }
  return [...all].map(([index, digest]) => ({ index, digest })).sort((left, right) => left.index - right.index);
};

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('listing', () => {
  test('goes on behind an empty page', async () => {
    const sparse = await lab.snapshotOf([block(3), block(9000)], { capacityBytes });
    const next = await lab.snapshotOf([block(9001)], { capacityBytes, parentSnapshotId: sparse });
    const ebs = lab.open();
    const before = await lab.requests('ebs:ListSnapshotBlocks');
    expect((await collect(ebs.listBlocks(sparse, never))).map(({ index }) => index)).toEqual([3, 9000]);
    // Three pages, the second of which held nothing.
    expect((await lab.requests('ebs:ListSnapshotBlocks')) - before).toBe(3);
    expect(await collect(ebs.listChanges(sparse, next, never))).toEqual([9001]);
  });

  test('begins anywhere, and tells what changed', async () => {
    const ebs = lab.open();
    const all = await collect(ebs.listBlocks(child, never));
    expect(all.map(({ index }) => index)).toEqual([0, 1, 2, 77, 4095, 4096, 5000, 9000, 10239]);
    expect((await collect(ebs.listBlocks(child, never, 4096))).map(({ index }) => index)[0]).toBe(4096);
    expect(await collect(ebs.listChanges(parent, child, never))).toEqual([1, 77, 5000]);
  });

  test('goes on when the token of the next page has expired', async () => {
    const listing = lab.open().listBlocks(child, never)[Symbol.asyncIterator]();
    const first = await listing.next();
    lab.clockMs = 8 * 24 * 3600_000;
    const rest = await collect({ [Symbol.asyncIterator]: () => listing });
    expect([first.value, ...rest].map((one) => one?.index)).toEqual([0, 1, 2, 77, 4095, 4096, 5000, 9000, 10239]);
  });

  test('two snapshots of different disks cannot be compared', async () => {
    const other = await lab.snapshotOf([], { capacityBytes });
    const told = await collect(lab.open().listChanges(other, child, never)).catch((error) => toFault(error));
    expect(told).toMatchObject({ code: 'ebs-snapshot-failed' });
  });
});

describe('reading', () => {
  test('one block, proven; none where there is none', async () => {
    const ebs = lab.open();
    expect((await ebs.readBlock(child, 5000, never))?.equals(blocks.get(5000)!.data!)).toBe(true);
    expect(await ebs.readBlock(child, 5001, never)).toBeNull();
    expect(await ebs.readBlock(child, 10239, never)).toHaveLength(DISK_BLOCK_BYTES);
  });

  test('a pending snapshot cannot be read', async () => {
    const { snapshotId } = await lab.start({ capacityBytes });
    const told = await lab
      .open()
      .readBlock(snapshotId, 0, never)
      .catch((error) => toFault(error));
    expect(told).toMatchObject({ code: 'ebs-snapshot-failed', cause: expect.stringMatching(/pending/) });
  });

  test.each([
    ['throttles', { kind: 'fail', code: 'RequestThrottledException' }],
    ['cuts an answer', { kind: 'cut', afterBytes: 100_000 }],
  ] as const)('tries again when AWS %s', async (_, effect) => {
    lab.faults.add({ side: 'aws', operation: 'ebs:GetSnapshotBlock', count: 4, effect });
    expect(await lab.open().sample(child, digests(), never)).toEqual([]);
  });
});

describe('a sample', () => {
  test('tells the blocks that are not as expected, and only those', async () => {
    const wrong = randomBytes(32);
    const expected = [
      ...digests({ 4096: wrong }),
      { index: 77, digest: ZERO_BLOCK_DIGEST },
      { index: 6000, digest: ZERO_BLOCK_DIGEST },
      { index: 8000, digest: wrong },
    ];
    expect(await lab.open().sample(child, expected.toReversed(), never)).toEqual([
      { index: 4096, expected: wrong, found: Buffer.from(blocks.get(4096)!.digest) },
      { index: 8000, expected: wrong, found: null },
    ]);
    expect(await lab.open().sample(child, [], never)).toEqual([]);
  });

  test('costs the same on a disk of any size: no listing of what lies between or behind', async () => {
    const large = 1024 * GiB;
    const snapshot = await lab.snapshotOf([makeBlock(5, large, randomBytes(DISK_BLOCK_BYTES))], {
      capacityBytes: large,
    });
    const zeros = [6, 20_000, 900_000, 2_000_000].map((index) => ({ index, digest: ZERO_BLOCK_DIGEST }));
    const before = await lab.requests('ebs:ListSnapshotBlocks');
    expect(await lab.open().sample(snapshot, zeros, never)).toEqual([]);
    expect((await lab.requests('ebs:ListSnapshotBlocks')) - before).toBeLessThanOrEqual(zeros.length);
    const stray = [...zeros, { index: 5, digest: ZERO_BLOCK_DIGEST }];
    expect(await lab.open().sample(snapshot, stray, never)).toMatchObject([{ index: 5 }]);
  });

  test('asks for other tokens when those of the listing have expired', async () => {
    const reads = lab.open();
    lab.faults.add({ side: 'aws', operation: 'ebs:GetSnapshotBlock', count: 1, effect: { kind: 'hang' } });
    const before = await lab.requests('ebs:GetSnapshotBlock');
    const sampling = lab.open({}, { attemptSeconds: 1, concurrency: 1 }).sample(child, digests(), never);
    await expect.poll(() => lab.requests('ebs:GetSnapshotBlock')).toBe(before + 1);
    lab.clockMs = 8 * 24 * 3600_000;
    expect(await sampling).toEqual([]);
    reads.close();
  });
});

describe('the full comparison', () => {
  test('an equal snapshot is equal, also where a zero block is stored', async () => {
    const nothing = { count: 0, first: [] };
    const equal = { equal: true, blocksRead: 9, missing: nothing, unexpected: nothing, different: nothing };
    expect(await lab.open().compare(child, digests(), never)).toEqual(equal);
    const withZeros = digests({ 77: ZERO_BLOCK_DIGEST, 300: ZERO_BLOCK_DIGEST });
    expect(await lab.open().compare(child, withZeros, never)).toEqual(equal);
  });

  test('says what is missing, unexpected and different', async () => {
    const other = randomBytes(32);
    const expected = digests({ 2: other, 4095: null, 9000: null, 600: other, 77: other });
    expect(await lab.open().compare(child, expected, never)).toEqual({
      equal: false,
      blocksRead: 9,
      missing: { count: 1, first: [600] },
      unexpected: { count: 2, first: [4095, 9000] },
      different: { count: 2, first: [2, 77] },
    });
  });

  test('names the first hundred and counts the rest', async () => {
    const digest = randomBytes(32);
    const many = Array.from({ length: 250 }, (_, at) => ({ index: 100 + at, digest }));
    const { missing } = await lab.open().compare(child, many, never);
    expect(missing).toEqual({ count: 250, first: Array.from({ length: 100 }, (_, at) => 100 + at) });
  });

  test('refuses digests out of order, passes on an error of theirs, and obeys its signal', async () => {
    const ebs = lab.open();
    await expect(ebs.compare(child, digests().toReversed(), never)).rejects.toThrow(/not ascending/);
    const broken = async function* (): AsyncGenerator<DigestEntry> {
      yield* digests().slice(0, 2);
      throw new Error('the digests are damaged');
    };
    await expect(ebs.compare(child, broken(), never)).rejects.toThrow('the digests are damaged');
    const stop = new AbortController();
    lab.faults.add({ side: 'aws', operation: 'ebs:GetSnapshotBlock', effect: { kind: 'hang' } });
    const before = await lab.requests('ebs:GetSnapshotBlock');
    const comparing = expect(ebs.compare(child, digests(), stop.signal)).rejects.toThrow('enough');
    await expect.poll(() => lab.requests('ebs:GetSnapshotBlock')).toBeGreaterThan(before);
    stop.abort(new Error('enough'));
    await comparing;
  });
});
