import {
  type EBSClient,
  GetSnapshotBlockCommand,
  ListChangedBlocksCommand,
  ListSnapshotBlocksCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import { CopySnapshotCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  blockSize,
  blocksOf,
  type CloudLab,
  completed,
  filledBlock,
  sha256,
  startCloudLab,
  validation,
  writeSnapshot,
} from '../ec2/testing-driving.ts';
import { failure } from '../testing-lab-aws.ts';

let lab: CloudLab;
let clock = 0;
let ebs: EBSClient;

beforeAll(async () => {
  lab = await startCloudLab({ now: () => new Date(Date.now() + clock) });
  ebs = lab.ebs();
});
afterAll(async () => lab[Symbol.asyncDispose]());

const start = async (input = {}) => (await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...input }))).SnapshotId!;

/** All blocks of a listing, page after page, and how many pages were empty. */
async function allBlocks(id: string, MaxResults?: number): Promise<{ indexes: number[]; empty: number }> {
  const indexes: number[] = [];
  let empty = 0;
  let NextToken: string | undefined;
  do {
    const page = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id, NextToken, MaxResults }));
    indexes.push(...page.Blocks!.map(({ BlockIndex }) => BlockIndex!));
    if (!page.Blocks!.length) empty += 1;
    NextToken = page.NextToken;
  } while (NextToken);
  return { indexes, empty };
}

async function changes(
  FirstSnapshotId: string | undefined,
  SecondSnapshotId: string,
): Promise<[number, boolean, boolean][]> {
  const { ChangedBlocks } = await ebs.send(new ListChangedBlocksCommand({ FirstSnapshotId, SecondSnapshotId }));
  return ChangedBlocks!.map((block) => [block.BlockIndex!, !!block.FirstBlockToken, !!block.SecondBlockToken]);
}

describe('reading and comparing snapshots', () => {
  test('a child inherits, overrides, hides and adds; the listing of changes says which', async () => {
    const parent = await writeSnapshot(lab, { 0: filledBlock(1), 1: filledBlock(2), 2: filledBlock(3) });
    const zeros = Buffer.alloc(blockSize);
    const child = await writeSnapshot(
      lab,
      { 1: filledBlock(20), 2: zeros, 2100: filledBlock(4) },
      { ParentSnapshotId: parent, VolumeSize: 2 },
    );
    const hashes = await blocksOf(lab, child);
    const expected = [filledBlock(1), filledBlock(20), zeros].map((bytes) => sha256(bytes).toString('hex'));
    expect(hashes.slice(0, 3)).toEqual(expected);
    expect(hashes[2100]).toBe(sha256(filledBlock(4)).toString('hex'));
    expect((await allBlocks(child)).indexes).toEqual([0, 1, 2, 2100]);
    expect(await changes(parent, child)).toEqual([
      [1, true, true],
      [2, true, true],
      [2100, false, true],
    ]);
    expect((await changes(undefined, parent)).map(([index]) => index)).toEqual([0, 1, 2]);
  });

  test('snapshots of different lineages cannot be compared', async () => {
    const one = await writeSnapshot(lab, { 0: filledBlock(1) });
    const other = await writeSnapshot(lab, { 0: filledBlock(1) });
    expect(await failure(changes(one, other))).toMatchObject(validation('UNRELATED_SNAPSHOTS'));
    const { SnapshotId: copy } = await lab
      .ec2()
      .send(new CopySnapshotCommand({ SourceSnapshotId: one, SourceRegion: lab.aws.region }));
    await completed(lab, copy!);
    expect(await failure(changes(one, copy!))).toMatchObject(validation('UNRELATED_SNAPSHOTS'));
    expect(await blocksOf(lab, copy!)).toEqual(await blocksOf(lab, one));
  });

  test('pages end where they were told to, and may be empty though more follows', async () => {
    const id = await writeSnapshot(lab, { 1: filledBlock(1), 20000: filledBlock(2) }, { VolumeSize: 12 });
    const { indexes, empty } = await allBlocks(id);
    expect(indexes).toEqual([1, 20_000]);
    expect(empty).toBeGreaterThan(0);
    const fewer = await ebs.send(
      new ListSnapshotBlocksCommand({ SnapshotId: id, StartingBlockIndex: 19_999, MaxResults: 100 }),
    );
    expect(fewer.Blocks!.map(({ BlockIndex }) => BlockIndex)).toEqual([20_000]);
  });

  test('tokens are for one block of one snapshot, and expire', async () => {
    const id = await writeSnapshot(lab, { 0: filledBlock(1), 1: filledBlock(2) });
    const { Blocks } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id }));
    const [first, second] = Blocks!.map(({ BlockToken }) => BlockToken!);
    const get = (BlockIndex: number, BlockToken: string) =>
      ebs.send(new GetSnapshotBlockCommand({ SnapshotId: id, BlockIndex, BlockToken }));
    expect(await failure(get(0, second!))).toMatchObject(validation('INVALID_BLOCK_TOKEN'));
    expect(
      await failure(ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id, NextToken: `9:${first}` }))),
    ).toMatchObject(validation('INVALID_PAGE_TOKEN'));
    const { NextToken } = await ebs.send(
      new ListSnapshotBlocksCommand({ SnapshotId: await writeSnapshot(lab, {}, { VolumeSize: 9 }) }),
    );
    expect(await failure(ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id, NextToken })))).toMatchObject(
      validation('INVALID_PAGE_TOKEN'),
    );
    clock += 8 * 24 * 3600_000;
    const late = lab.ebs({ systemClockOffset: clock });
    const expired = await failure(
      late.send(new GetSnapshotBlockCommand({ SnapshotId: id, BlockIndex: 0, BlockToken: first! })),
    );
    clock = 0;
    expect(expired).toMatchObject(validation('INVALID_BLOCK_TOKEN'));
  });

  test('a pending snapshot can be neither read nor a parent', async () => {
    const id = await start();
    expect(await failure(allBlocks(id))).toMatchObject(validation('INVALID_SNAPSHOT_ID'));
    expect(await failure(start({ ParentSnapshotId: id }))).toMatchObject(validation('INVALID_SNAPSHOT_ID'));
  });
});
