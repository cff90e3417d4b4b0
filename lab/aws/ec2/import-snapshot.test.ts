import {
  CancelImportTaskCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  ImportSnapshotCommand,
  type ImportSnapshotCommandInput,
  paginateDescribeImportSnapshotTasks,
} from '@aws-sdk/client-ec2';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../testing-lab-aws.ts';
import { writeVmdk } from '../vmdk/testing-write.ts';
import {
  blocksOf,
  blocksOfDisk,
  type CloudLab,
  importObject,
  importTask,
  startCloudLab,
  until,
  upload,
} from './testing-driving.ts';

let lab: CloudLab;
let ec2: EC2Client;

beforeAll(async () => {
  lab = await startCloudLab();
  ec2 = lab.ec2();
});
afterEach(() => lab.faults.clear());
afterAll(async () => lab[Symbol.asyncDispose]());

/** A disk of 9 MiB and one sector, with bytes at its start, across a block's border and at its end. */
function oddDisk(seed: number): Buffer {
  const disk = Buffer.alloc(9 * 2 ** 20 + 512);
  for (const at of [0, 524288 * 3 - 700, disk.length - 1500])
    disk.fill(Buffer.from(`disk ${seed}, at ${at}; `), at, at + 1500);
  return disk;
}

const container = (key: string, Format = 'VMDK') => ({ Format, UserBucket: { S3Bucket: lab.aws.bucket, S3Key: key } });
const begin = (input: ImportSnapshotCommandInput) => ec2.send(new ImportSnapshotCommand(input));

describe('an import', () => {
  test.each(['front', 'end'] as const)(
    'makes a snapshot of exactly the disk (VMDK with its directory at the %s)',
    async (layout) => {
      const disk = oddDisk(1);
      const detail = await importObject(lab, writeVmdk(disk, { layout }));
      expect(detail).toMatchObject({ Status: 'completed', Format: 'VMDK' });
      expect(await blocksOf(lab, detail.SnapshotId!, disk.length)).toEqual(blocksOfDisk(disk));
      const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [detail.SnapshotId!] }));
      expect(Snapshots![0]).toMatchObject({
        State: 'completed',
        VolumeSize: 1,
        OwnerId: lab.aws.account,
        Encrypted: false,
      });
    },
  );

  test('takes a raw image as it is, by its URL, and may encrypt it', async () => {
    const disk = oddDisk(2);
    await upload(lab, 'staging/raw', disk);
    const { ImportTaskId } = await begin({
      DiskContainer: { Format: 'RAW', Url: `s3://${lab.aws.bucket}/staging/raw` },
      Encrypted: true,
      Description: 'raw one',
    });
    const detail = await until('it is completed', async () => {
      const { SnapshotTaskDetail } = await importTask(ec2, ImportTaskId!);
      return SnapshotTaskDetail?.Status === 'completed' && SnapshotTaskDetail;
    });
    expect(await blocksOf(lab, detail.SnapshotId!, disk.length)).toEqual(blocksOfDisk(disk));
    const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [detail.SnapshotId!] }));
    expect(Snapshots![0]).toMatchObject({ Encrypted: true, Description: 'raw one' });
  });

  test('shows true progress while it downloads, and its snapshot only at the end', async () => {
    const noise = Buffer.alloc(4 * 2 ** 20);
    for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
    await upload(lab, 'staging/slow', noise);
    lab.faults.add({
      side: 'aws',
      operation: 'vmie:ImportSnapshot',
      count: 1,
      effect: { kind: 'rate', bytesPerSecond: 6_000_000 },
    });
    const started = await begin({
      DiskContainer: container('staging/slow', 'RAW'),
      TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: [{ Key: 'run', Value: 'r&1' }] }],
    });
    expect(started).toMatchObject({
      SnapshotTaskDetail: { Status: 'active', StatusMessage: 'pending' },
      Tags: [{ Key: 'run', Value: 'r&1' }],
    });
    const seen = new Set<number>();
    await until('it is completed', async () => {
      const { SnapshotTaskDetail } = await importTask(ec2, started.ImportTaskId!);
      if (SnapshotTaskDetail?.Status === 'completed') return true;
      expect(SnapshotTaskDetail?.SnapshotId).toBeUndefined();
      if (SnapshotTaskDetail?.StatusMessage === 'downloading/converting') seen.add(Number(SnapshotTaskDetail.Progress));
      return false;
    });
    expect([...seen]).toEqual([...seen].sort((a, b) => a - b));
    expect([...seen].filter((percent) => percent > 0 && percent < 100).length).toBeGreaterThan(3);
  });

  test('begins again after the lab was started anew', async () => {
    await using own = await startCloudLab();
    const disk = oddDisk(3);
    await upload(own, 'staging/x', writeVmdk(disk, { layout: 'end' }));
    own.faults.add({ side: 'aws', operation: 'vmie:ImportSnapshot', count: 1, effect: { kind: 'hang' } });
    const { ImportTaskId } = await own.ec2().send(
      new ImportSnapshotCommand({
        DiskContainer: { Format: 'VMDK', UserBucket: { S3Bucket: own.aws.bucket, S3Key: 'staging/x' } },
      }),
    );
    await until('the rule caught the task', async () => own.faults.list().length === 0);
    await own.restart();
    const client = own.ec2();
    const detail = await until('it is completed', async () => {
      const { SnapshotTaskDetail } = await importTask(client, ImportTaskId!);
      return SnapshotTaskDetail?.Status === 'completed' && SnapshotTaskDetail;
    });
    expect(await blocksOf(own, detail.SnapshotId!, disk.length)).toEqual(blocksOfDisk(disk));
  });
});

describe('an import that goes wrong', () => {
  test.each([
    [
      'something that is no VMDK',
      () => Buffer.alloc(9000, 65),
      'ClientError: Disk validation failed [Unsupported VMDK File Format]',
    ],
    [
      'a VMDK cut in half',
      () => writeVmdk(oddDisk(1), { layout: 'end' }).subarray(0, 70_000),
      /Unexpected end of file/,
    ],
    [
      'a footer that is not the header',
      () => {
        const file = writeVmdk(oddDisk(1), { layout: 'end' });
        file.writeBigUInt64LE(1n, file.length - 1024 + 12);
        return file;
      },
      'ClientError: Footers not identical',
    ],
  ])('ends as deleted, with the reason, and leaves no snapshot: %s', async (_, make, message) => {
    const before = (await ec2.send(new DescribeSnapshotsCommand({}))).Snapshots!.length;
    const detail = await importObject(lab, make());
    expect(detail.Status).toBe('deleted');
    expect(detail.StatusMessage).toMatch(message);
    expect(detail.SnapshotId).toBeUndefined();
    expect((await ec2.send(new DescribeSnapshotsCommand({}))).Snapshots!.length).toBe(before);
  });

  test('ends as deleted when the object is not there, or a rule says so', async () => {
    const ends = async (id: string) =>
      until('it is deleted', async () => {
        const { SnapshotTaskDetail } = await importTask(ec2, id);
        return SnapshotTaskDetail?.Status === 'deleted' && SnapshotTaskDetail.StatusMessage;
      });
    const absent = await begin({ DiskContainer: container('staging/absent') });
    expect(await ends(absent.ImportTaskId!)).toMatch(/We do not have access to the given resource/);
    const message = 'ClientError: Unsupported kernel version 9.9';
    lab.faults.add({
      side: 'aws',
      operation: 'vmie:ImportSnapshot',
      count: 1,
      effect: { kind: 'fail', code: 'ClientError', message },
    });
    const told = await begin({ DiskContainer: container('staging/absent') });
    expect(await ends(told.ImportTaskId!)).toBe(message);
  });

  test('can be cancelled while it is active, and only then', async () => {
    lab.faults.add({ side: 'aws', operation: 'vmie:ImportSnapshot', count: 1, effect: { kind: 'hang' } });
    const { ImportTaskId } = await begin({ DiskContainer: container('staging/any') });
    await until('the rule caught the task', async () => lab.faults.list().length === 0);
    const cancelled = await ec2.send(new CancelImportTaskCommand({ ImportTaskId, CancelReason: 'not wanted' }));
    expect(cancelled).toMatchObject({ ImportTaskId, PreviousState: 'active', State: 'deleting' });
    const message = await until('it is deleted', async () => {
      const { SnapshotTaskDetail } = await importTask(ec2, ImportTaskId!);
      return SnapshotTaskDetail?.Status === 'deleted' && SnapshotTaskDetail.StatusMessage;
    });
    expect(message).toContain('not wanted');
    expect((await failure(ec2.send(new CancelImportTaskCommand({ ImportTaskId })))).name).toBe('IncorrectState');
  });
});

describe('what ImportSnapshot refuses at once', () => {
  test.each<[string, () => ImportSnapshotCommandInput, string]>([
    ['no disk', () => ({}), 'MissingParameter'],
    ['a format it does not know', () => ({ DiskContainer: container('k', 'QCOW2') }), 'InvalidParameter'],
    [
      'a bucket that is not there',
      () => ({ DiskContainer: { Format: 'RAW', Url: 's3://nowhere-at-all/k' } }),
      'InvalidParameter',
    ],
    [
      'a service role that is not there',
      () => ({ DiskContainer: container('k'), RoleName: 'mine' }),
      'InvalidParameter',
    ],
    [
      'a key without encryption',
      () => ({ DiskContainer: container('k'), KmsKeyId: 'alias/x' }),
      'InvalidParameterDependency',
    ],
    [
      'tags of another type',
      () => ({
        DiskContainer: container('k'),
        TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'a', Value: '' }] }],
      }),
      'InvalidParameterValue',
    ],
    [
      'a dry run, which would have succeeded',
      () => ({ DiskContainer: container('k'), DryRun: true }),
      'DryRunOperation',
    ],
  ])('%s', async (_, input, code) => {
    expect((await failure(begin(input()))).name).toBe(code);
  });

  test('a bucket of another region', async () => {
    const name = 'bucket-of-elsewhere';
    const made = lab
      .s3({ region: 'us-west-2' })
      .send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } }));
    await made;
    const refused = await failure(begin({ DiskContainer: { Format: 'RAW', Url: `s3://${name}/k` } }));
    expect(refused.message).toBe('The given S3 bucket is not local to the Region.');
  });

  test('more tasks than the account may have', async () => {
    await lab.aws.control.ec2Settings!({ importTasks: 0 });
    const refused = await failure(begin({ DiskContainer: container('k') }));
    await lab.aws.control.ec2Settings!({ importTasks: 20 });
    expect(refused.name).toBe('ResourceCountLimitExceeded');
  });
});

describe('tasks', () => {
  test('the same token is the same task; with other parameters it is refused', async () => {
    const input = { DiskContainer: container('staging/token'), ClientToken: 'one' };
    const first = await begin(input);
    expect((await begin(input)).ImportTaskId).toBe(first.ImportTaskId);
    const other = await failure(begin({ ...input, Description: 'another' }));
    expect(other.name).toBe('IdempotentParameterMismatch');
  });

  test('are listed page by page and by state', async () => {
    const ids = new Set<string>();
    let pages = 0;
    for await (const page of paginateDescribeImportSnapshotTasks({ client: ec2, pageSize: 5 }, {})) {
      for (const { ImportTaskId } of page.ImportSnapshotTasks ?? []) ids.add(ImportTaskId!);
      pages += 1;
    }
    const all = (await ec2.send(new DescribeImportSnapshotTasksCommand({}))).ImportSnapshotTasks!;
    expect(ids.size).toBe(all.length);
    expect(pages).toBe(Math.ceil(all.length / 5));
    const completed = await ec2.send(
      new DescribeImportSnapshotTasksCommand({ Filters: [{ Name: 'task-state', Values: ['completed'] }] }),
    );
    const states = completed.ImportSnapshotTasks!.map(({ SnapshotTaskDetail }) => SnapshotTaskDetail?.Status);
    expect(new Set(states)).toEqual(new Set(['completed']));
  });

  test('unknown and malformed ids are told apart', async () => {
    const describe = (id: string) => ec2.send(new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [id] }));
    expect((await failure(describe('import-snap-00000000000000000'))).name).toBe('InvalidConversionTaskId.NotFound');
    expect((await failure(describe('import-ami-x'))).name).toBe('InvalidConversionTaskId.Malformed');
  });
});
