import {
  CompleteSnapshotCommand,
  type EBSClient,
  GetSnapshotBlockCommand,
  ListChangedBlocksCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import {
  CopySnapshotCommand,
  DescribeSnapshotsCommand,
  EnableEbsEncryptionByDefaultCommand,
  GetEbsDefaultKmsKeyIdCommand,
  ModifyEbsDefaultKmsKeyIdCommand,
  ResetEbsDefaultKmsKeyIdCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  blockSize,
  blocksOf,
  type CloudLab,
  completed,
  filledBlock,
  importObject,
  putBlock,
  sha256,
  startCloudLab,
  writeSnapshot,
} from '../ec2/driving-for-tests.ts';
import { failure } from '../starting-for-tests.ts';

let lab: CloudLab;
let clock = 0;
let ebs: EBSClient;

beforeAll(async () => {
  lab = await startCloudLab({ now: () => new Date(Date.now() + clock) });
  ebs = lab.ebs();
});
afterAll(async () => lab[Symbol.asyncDispose]());

const start = async (input = {}) => (await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...input }))).SnapshotId!;
const validation = (Reason: string) => ({ name: 'ValidationException', Reason, $metadata: { httpStatusCode: 400 } });

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

describe('writing a snapshot', () => {
  test('holds what was put, block for block, once it is completed', async () => {
    const started = await ebs.send(
      new StartSnapshotCommand({
        VolumeSize: 2,
        Description: 'a disk',
        Tags: [{ Key: 'run', Value: '1' }],
        Timeout: 60,
      }),
    );
    expect(started).toMatchObject({ BlockSize: blockSize, Status: 'pending', VolumeSize: 2, Description: 'a disk' });
    const id = started.SnapshotId!;
    await Promise.all([0, 7, 4095].map((index) => putBlock(ebs, id, index, filledBlock(index))));
    await putBlock(ebs, id, 7, filledBlock(70));
    const digests = [filledBlock(0), filledBlock(70), filledBlock(4095)].map(sha256);
    const { Status } = await ebs.send(
      new CompleteSnapshotCommand({
        SnapshotId: id,
        ChangedBlocksCount: 3,
        Checksum: sha256(Buffer.concat(digests)).toString('base64'),
        ChecksumAlgorithm: 'SHA256',
        ChecksumAggregationMethod: 'LINEAR',
      }),
    );
    expect(Status).toBe('pending');
    await completed(lab, id);
    const hashes = await blocksOf(lab, id);
    expect(hashes[7]).toBe(digests[1]!.toString('hex'));
    expect(hashes[8]).toBe(sha256(Buffer.alloc(blockSize)).toString('hex'));
    const { Snapshots } = await lab.ec2().send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    expect(Snapshots![0]).toMatchObject({ VolumeSize: 2, Tags: [{ Key: 'run', Value: '1' }], Progress: '100%' });

    const { Blocks, ExpiryTime } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id }));
    expect(Blocks!.map(({ BlockIndex }) => BlockIndex)).toEqual([0, 7, 4095]);
    expect(Number(ExpiryTime)).toBeGreaterThan(Date.now());
    const read = await ebs.send(
      new GetSnapshotBlockCommand({ SnapshotId: id, BlockIndex: 7, BlockToken: Blocks![1]!.BlockToken! }),
    );
    expect(Buffer.from(await read.BlockData!.transformToByteArray()).equals(filledBlock(70))).toBe(true);
    expect(read).toMatchObject({
      DataLength: blockSize,
      Checksum: digests[1]!.toString('base64'),
      ChecksumAlgorithm: 'SHA256',
    });
  });

  test('a repeated start with the same token is the same snapshot; other parameters conflict', async () => {
    const id = await start({ ClientToken: 'token-1', Description: 'one' });
    expect(await start({ ClientToken: 'token-1', Description: 'one' })).toBe(id);
    expect(await failure(start({ ClientToken: 'token-1', Description: 'two' }))).toMatchObject({
      name: 'ConflictException',
      $metadata: { httpStatusCode: 409 },
    });
  });

  test.each([
    ['a volume of no size', { VolumeSize: 0 }, 'INVALID_VOLUME_SIZE'],
    ['a timeout under ten minutes', { Timeout: 9 }, 'INVALID_PARAMETER_VALUE'],
    ['an alias in place of a key', { Encrypted: true, KmsKeyArn: 'alias/own' }, 'INVALID_CUSTOMER_KEY'],
    ['a tag of AWS', { Tags: [{ Key: 'aws:x', Value: '' }] }, 'INVALID_TAG'],
  ])('refuses to start %s', async (_, input, reason) => {
    expect(await failure(start(input))).toMatchObject(validation(reason));
  });

  test('refuses blocks that are damaged, too short, outside of the volume, or of no snapshot', async () => {
    const id = await start();
    const put = (changed: object) =>
      failure(
        ebs.send(
          new PutSnapshotBlockCommand({
            SnapshotId: id,
            BlockIndex: 0,
            BlockData: filledBlock(1),
            DataLength: blockSize,
            Checksum: sha256(filledBlock(1)).toString('base64'),
            ChecksumAlgorithm: 'SHA256',
            ...changed,
          }),
        ),
      );
    expect(await put({ Checksum: sha256(filledBlock(2)).toString('base64') })).toMatchObject(
      validation('INVALID_BLOCK'),
    );
    expect(await put({ BlockData: Buffer.alloc(1024), DataLength: 1024 })).toMatchObject(
      validation('INVALID_PARAMETER_VALUE'),
    );
    expect(await put({ BlockIndex: 2048 })).toMatchObject(validation('INVALID_BLOCK'));
    expect(await put({ SnapshotId: 'snap-00000000000000000' })).toMatchObject({
      name: 'ResourceNotFoundException',
      Reason: 'SNAPSHOT_NOT_FOUND',
      $metadata: { httpStatusCode: 404 },
    });
    const none = await ebs.send(new CompleteSnapshotCommand({ SnapshotId: id, ChangedBlocksCount: 0 }));
    expect(none.Status).toBe('pending');
  });

  test('completes only with the right count and checksum, and takes no block afterwards', async () => {
    const id = await start();
    await putBlock(ebs, id, 1, filledBlock(1));
    await putBlock(ebs, id, 1, filledBlock(1));
    const complete = (input: object) =>
      ebs.send(new CompleteSnapshotCommand({ SnapshotId: id, ChangedBlocksCount: 1, ...input }));
    expect(await failure(complete({ ChangedBlocksCount: 2 }))).toMatchObject(validation('INVALID_PARAMETER_VALUE'));
    const linear = { ChecksumAlgorithm: 'SHA256', ChecksumAggregationMethod: 'LINEAR' };
    const wrong = { ...linear, Checksum: sha256(filledBlock(1)).toString('base64') };
    expect(await failure(complete(wrong))).toMatchObject(validation('INVALID_PARAMETER_VALUE'));
    await complete({ ...linear, Checksum: sha256(sha256(filledBlock(1))).toString('base64') });
    expect(await failure(putBlock(ebs, id, 2, filledBlock(2)))).toMatchObject(validation('INVALID_SNAPSHOT_ID'));
    await completed(lab, id);
    expect(await failure(putBlock(ebs, id, 2, filledBlock(2)))).toMatchObject(validation('INVALID_SNAPSHOT_ID'));
  });

  test('a snapshot that nobody writes to for its timeout turns to error', async () => {
    const id = await start({ Timeout: 10 });
    await putBlock(ebs, id, 0, filledBlock(0));
    try {
      clock += 9 * 60_000;
      await putBlock(ebs, id, 1, filledBlock(1));
      clock += 9 * 60_000;
      await putBlock(ebs, id, 2, filledBlock(2));
      clock += 11 * 60_000;
      expect(await failure(putBlock(ebs, id, 3, filledBlock(3)))).toMatchObject(validation('WRITE_REQUEST_TIMEOUT'));
    } finally {
      clock = 0;
      // The SDK went along with the lab's clock; a new client starts from the true time.
      ebs = lab.ebs();
    }
    const { Snapshots } = await lab.ec2().send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    expect(Snapshots![0]!.State).toBe('error');
  });

  test('a pending snapshot and its blocks outlive a restart', async () => {
    const id = await start({ ClientToken: 'outlives' });
    await putBlock(ebs, id, 5, filledBlock(5));
    await lab.restart();
    ebs = lab.ebs();
    expect(await start({ ClientToken: 'outlives' })).toBe(id);
    await ebs.send(new CompleteSnapshotCommand({ SnapshotId: id, ChangedBlocksCount: 1 }));
    await lab.restart();
    ebs = lab.ebs();
    await completed(lab, id);
    expect((await blocksOf(lab, id))[5]).toBe(sha256(filledBlock(5)).toString('hex'));
  });
});

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

describe('encryption and faults', () => {
  test('a child is encrypted as its parent, and may not say so itself', async () => {
    const key = `arn:aws:kms:${lab.aws.region}:${lab.aws.account}:key/1`;
    const parent = await writeSnapshot(lab, {}, { Encrypted: true, KmsKeyArn: key });
    for (const Encrypted of [true, false]) {
      expect(await failure(start({ ParentSnapshotId: parent, Encrypted }))).toMatchObject(
        validation('INVALID_PARAMETER_VALUE'),
      );
    }
    expect(await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ParentSnapshotId: parent }))).toMatchObject({
      KmsKeyArn: key,
      ParentSnapshotId: parent,
    });
    expect(await failure(start({ ParentSnapshotId: await writeSnapshot(lab, {}, { VolumeSize: 2 }) }))).toMatchObject(
      validation('INVALID_VOLUME_SIZE'),
    );
  });

  test('encryption by default refuses a child of an unencrypted parent', async () => {
    await using own = await startCloudLab();
    const parent = await writeSnapshot(own, {});
    await own.ec2().send(new EnableEbsEncryptionByDefaultCommand({}));
    const client = own.ebs();
    expect(
      await failure(client.send(new StartSnapshotCommand({ VolumeSize: 1, ParentSnapshotId: parent }))),
    ).toMatchObject(validation('INVALID_DEPENDENCY_REQUEST'));
    expect((await client.send(new StartSnapshotCommand({ VolumeSize: 1 }))).KmsKeyArn).toMatch(/^arn:aws:kms:/);
  });

  test('rules throttle and hide snapshots as AWS does', async () => {
    const id = await start();
    lab.faults.add({
      side: 'aws',
      operation: 'ebs:PutSnapshotBlock',
      match: { snapshotId: id },
      count: 1,
      effect: { kind: 'fail', code: 'RequestThrottledException' },
    });
    lab.faults.add({
      side: 'aws',
      operation: 'ebs:PutSnapshotBlock',
      match: { snapshotId: id },
      skip: 1,
      count: 1,
      effect: { kind: 'fail', code: 'ResourceNotFoundException' },
    });
    expect(await failure(putBlock(ebs, id, 0, filledBlock(0)))).toMatchObject({
      name: 'RequestThrottledException',
      Reason: 'RESOURCE_THROTTLED',
    });
    expect(await failure(putBlock(ebs, id, 0, filledBlock(0)))).toMatchObject({
      name: 'ResourceNotFoundException',
      Reason: 'SNAPSHOT_NOT_FOUND',
    });
    await putBlock(ebs, id, 0, filledBlock(0));
  });
});

describe('what AWS is late with, or refuses, when it is told to', () => {
  test('a fresh snapshot is not found for a while, by its writers and by DescribeSnapshots, and then it is', async () => {
    let time = Date.now();
    await using own = await startCloudLab({ now: () => new Date(time) });
    const client = own.ebs();
    const old = await writeSnapshot(own, { 0: filledBlock(1) });
    await own.aws.control.snapshotSettings!({ notFoundMs: 10_000 });
    const id = (await client.send(new StartSnapshotCommand({ VolumeSize: 1, ParentSnapshotId: old, ClientToken: 'a' })))
      .SnapshotId!;
    const missing = { name: 'ResourceNotFoundException', Reason: 'SNAPSHOT_NOT_FOUND' };
    expect(await failure(putBlock(client, id, 0, filledBlock(2)))).toMatchObject(missing);
    const describe = (SnapshotIds: string[]) => own.ec2().send(new DescribeSnapshotsCommand({ SnapshotIds }));
    expect(await failure(describe([id]))).toMatchObject({ name: 'InvalidSnapshot.NotFound' });
    const { Snapshots } = await own.ec2().send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
    expect(Snapshots!.map(({ SnapshotId }) => SnapshotId)).toEqual([old]);
    const again = new StartSnapshotCommand({ VolumeSize: 1, ParentSnapshotId: old, ClientToken: 'a' });
    expect((await client.send(again)).SnapshotId).toBe(id);
    time += 10_000;
    await putBlock(client, id, 0, filledBlock(2));
    expect((await describe([id])).Snapshots).toHaveLength(1);
  });

  test('only every n-th request may find nothing', async () => {
    await using own = await startCloudLab();
    await own.aws.control.snapshotSettings!({ notFoundMs: 60_000, notFoundEvery: 3 });
    const client = own.ebs();
    const id = (await client.send(new StartSnapshotCommand({ VolumeSize: 1 }))).SnapshotId!;
    const put = async () =>
      (await failure(putBlock(client, id, 0, filledBlock(1)).then(() => Promise.reject(new Error('put'))))).message;
    const outcomes = [await put(), await put(), await put(), await put()].map((message) => message === 'put');
    expect(outcomes).toEqual([true, true, false, true]);
  });

  test('a parent of another account is refused, and any parent while the lab says so', async () => {
    await using own = await startCloudLab();
    const client = own.ebs();
    const child = (ParentSnapshotId: string) =>
      client.send(new StartSnapshotCommand({ VolumeSize: 1, ParentSnapshotId }));
    const { snapshotId } = (await own.aws.control.sharedSnapshot!({ encrypted: true })) as { snapshotId: string };
    expect(await failure(child(snapshotId))).toMatchObject(validation('INVALID_SNAPSHOT_ID'));
    const [one, other] = [await writeSnapshot(own, {}), await writeSnapshot(own, {})];
    await own.aws.control.snapshotSettings!({ refuseParents: [one] });
    expect(await failure(child(one))).toMatchObject(validation('INVALID_DEPENDENCY_REQUEST'));
    await child(other);
    await own.aws.control.snapshotSettings!({ refuseParents: true });
    await own.restart();
    const late = own.ebs();
    const refused = late.send(new StartSnapshotCommand({ VolumeSize: 1, ParentSnapshotId: other }));
    expect(await failure(refused)).toMatchObject(validation('INVALID_DEPENDENCY_REQUEST'));
    await late.send(new StartSnapshotCommand({ VolumeSize: 1 }));
    await expect(own.aws.control.snapshotSettings!({ refuse: true })).rejects.toThrow();
  });

  test("the account's own default key is used where none is named; keys may be unusable", async () => {
    await using own = await startCloudLab();
    const [client, ec2] = [own.ebs(), own.ec2()];
    const shown = async () => (await ec2.send(new GetEbsDefaultKmsKeyIdCommand({}))).KmsKeyId;
    expect(await shown()).toBe('alias/aws/ebs');
    const key = `arn:aws:kms:${own.aws.region}:${own.aws.account}:key/own`;
    await ec2.send(new ModifyEbsDefaultKmsKeyIdCommand({ KmsKeyId: key }));
    await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
    expect(await shown()).toBe(key);
    expect((await client.send(new StartSnapshotCommand({ VolumeSize: 1 }))).KmsKeyArn).toBe(key);
    await own.aws.control.snapshotSettings!({ unusableKeys: [key] });
    expect(await failure(client.send(new StartSnapshotCommand({ VolumeSize: 1 })))).toMatchObject(
      validation('INVALID_CUSTOMER_KEY'),
    );
    const task = await importObject(own, filledBlock(1), { Encrypted: true, KmsKeyId: key }, 'RAW');
    expect(task).toMatchObject({ Status: 'deleted', StatusMessage: expect.stringContaining('KMS') });
    expect((await ec2.send(new ResetEbsDefaultKmsKeyIdCommand({}))).KmsKeyId).toBe('alias/aws/ebs');
    expect((await client.send(new StartSnapshotCommand({ VolumeSize: 1 }))).KmsKeyArn).not.toBe(key);
  });

  test('requests and their bytes are counted by operation', async () => {
    await using own = await startCloudLab();
    await own.aws.control.requests!({ reset: true });
    await writeSnapshot(own, { 0: filledBlock(1), 5: filledBlock(2) });
    const { counts, bytes } = (await own.aws.control.requests!({ service: 'ebs' })) as {
      counts: Record<string, number>;
      bytes: Record<string, { in: number; out: number }>;
    };
    expect(counts).toEqual({ 'ebs:CompleteSnapshot': 1, 'ebs:PutSnapshotBlock': 2, 'ebs:StartSnapshot': 1 });
    expect(bytes['ebs:PutSnapshotBlock']).toMatchObject({ in: 2 * blockSize });
  });
});
