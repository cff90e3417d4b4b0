import { type EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import {
  DescribeSnapshotsCommand,
  EnableEbsEncryptionByDefaultCommand,
  GetEbsDefaultKmsKeyIdCommand,
  ModifyEbsDefaultKmsKeyIdCommand,
  ResetEbsDefaultKmsKeyIdCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  blockSize,
  type CloudLab,
  filledBlock,
  importObject,
  putBlock,
  startCloudLab,
  validation,
  writeSnapshot,
} from '../ec2/testing-driving.ts';
import { failure } from '../testing-lab-aws.ts';

let lab: CloudLab;
let ebs: EBSClient;

beforeAll(async () => {
  lab = await startCloudLab();
  ebs = lab.ebs();
});
afterAll(async () => lab[Symbol.asyncDispose]());

const start = async (input = {}) => (await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...input }))).SnapshotId!;

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
