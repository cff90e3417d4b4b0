import {
  CompleteSnapshotCommand,
  type EBSClient,
  GetSnapshotBlockCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  blockSize,
  blocksOf,
  type CloudLab,
  completed,
  filledBlock,
  putBlock,
  sha256,
  startCloudLab,
  validation,
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
