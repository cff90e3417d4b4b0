import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3 } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type LabAws, startLabAws } from '../../../lab/aws/main.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import { makeBlock } from '../../disks/block.ts';
import { createStreamOptimizedVmdk } from '../../disks/formats/vmdk/write-stream.ts';
import { toFault } from '../../model/fault.ts';
import { awsTargetContract } from './contract.ts';
import { importFault } from './import-tasks.ts';
import { openAwsTarget } from './open-target.ts';
import type { AwsTarget, AwsTargetConfig, ImportTask, LaunchInput } from './target.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;

let folder: string;
let lab: LabAws;
let target: AwsTarget;
/** Completed snapshots of a Linux disk, a data disk and a Windows disk. */
let linux: string;
let data: string;
let windows: string;
const faults = new FaultRules();
const open: AwsTarget[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-target-'));
  lab = await startLabAws({ dataDir: folder, faults, guestQemu: false, timeScale: 0.02 });
  target = openAwsTarget(config());
  [linux, data, windows] = await Promise.all([
    importDisk('linux', bootable('ext4')),
    importDisk('data', randomBytes(3 * MiB + 512)),
    importDisk('windows', bootable('ntfs')),
  ]);
});

afterEach(() => {
  faults.clear();
  for (const one of open.splice(0)) one.close();
});

afterAll(async () => {
  target?.close();
  await lab?.close();
  await rm(folder, { recursive: true, force: true });
});

function config(changes: Partial<AwsTargetConfig> = {}): AwsTargetConfig {
  return {
    region: lab.region,
    bucket: lab.bucket,
    credentials: lab.credentials,
    endpoints: { s3: lab.url, ec2: lab.url, ebs: lab.url, sts: lab.url },
    account: lab.account,
    ...changes,
  };
}

function another(changes: Partial<AwsTargetConfig>): AwsTarget {
  const made = openAwsTarget(config(changes));
  open.push(made);
  return made;
}

/** A small disk with boot code and one partition that looks like its file system. */
function bootable(system: 'ext4' | 'ntfs'): Buffer {
  const disk = randomBytes(4 * MiB);
  disk.fill(0, 446, 510);
  disk.writeUInt8(system === 'ntfs' ? 0x07 : 0x83, 450);
  disk.writeUInt32LE(2048, 454);
  disk.writeUInt32LE(4096, 458);
  disk.writeUInt16LE(0xaa55, 510);
  const start = 2048 * 512;
  disk.fill(0, start, start + 4096);
  if (system === 'ntfs') disk.write('NTFS    ', start + 3, 'latin1');
  else disk.writeUInt16LE(0xef53, start + 1024 + 56);
  return disk;
}

/** Writes a disk as a stream-optimized VMDK into the staging bucket, as the connector does. */
async function stageDisk(name: string, disk: Buffer): Promise<string> {
  const key = `landfall/sms-job-1/sms-run-1/${name}.vmdk`;
  const upload = await target.staging.startUpload(key, { capacityBytes: disk.length }, never);
  const writer = createStreamOptimizedVmdk({
    capacityBytes: disk.length,
    sink: (chunk, signal) => upload.write(chunk, signal),
  });
  for (let index = 0; index * 512 * 1024 < disk.length; index += 1) {
    const bytes = disk.subarray(index * 512 * 1024, (index + 1) * 512 * 1024);
    await writer.write(makeBlock(index, disk.length, bytes), never);
  }
  await writer.seal(never);
  await upload.complete(never);
  return key;
}

const importInput = (key: string) => ({
  bucket: lab.bucket,
  key,
  description: 'a disk of a test',
  token: `sms-run-1/0/${key}/${'x'.repeat(60)}`,
  tags: { 'landfall:run': 'sms-run-1' },
});

/** Polls as a step does, until the task has ended. */
async function ended(of: Pick<AwsTarget['snapshots'], 'importTasks'>, taskId: string): Promise<ImportTask> {
  return vi.waitFor(
    async () => {
      const task = (await of.importTasks([taskId], never)).get(taskId);
      if (task && task.state !== 'active') return task;
      throw new Error(`${taskId} is ${task?.message ?? 'unknown'}`);
    },
    { timeout: 15_000, interval: 20 },
  );
}

/** The lab's own view, told without the API of AWS. */
async function labSays<T>(call: string, input?: object): Promise<T> {
  return (await lab.control[call]?.(input)) as T;
}

const imageInLab = async (imageId: string | null) =>
  (await labSays<{ id: string }[]>('images')).find(({ id }) => id === imageId);

async function importDisk(name: string, disk: Buffer): Promise<string> {
  const taskId = await target.snapshots.startImport(importInput(await stageDisk(name, disk)), never);
  const task = await ended(target.snapshots, taskId);
  expect(task.message).not.toContain('Error');
  const snapshotId = task.snapshotIds[0] ?? '';
  const { digest } = await labSays<{ digest: string }>('snapshotHash', { snapshotId, length: disk.length });
  expect(digest).toBe(rootOf(disk));
  return snapshotId;
}

/** What the lab's hash of a snapshot should be: SHA-256 over the SHA-256 of each 512 KiB, the last filled with zeros. */
function rootOf(disk: Buffer): string {
  const whole = createHash('sha256');
  for (let at = 0; at < disk.length; at += 512 * 1024) {
    const block = Buffer.alloc(512 * 1024);
    disk.copy(block, 0, at, at + 512 * 1024);
    whole.update(createHash('sha256').update(block).digest());
  }
  return whole.digest('hex');
}

const failure = (promise: Promise<unknown>) =>
  promise.then(() => {
    throw new Error('The call went through.');
  }, toFault);

awsTargetContract('the lab', async () => {
  const own = new S3({ region: lab.region, endpoint: lab.url, credentials: lab.credentials, forcePathStyle: true });
  const imageId = await target.images.register(imageInput('contract', linux), never);
  return {
    target: openAwsTarget(config()),
    imageId,
    instanceType: 't3.medium',
    async read(key) {
      const { Body } = await own.getObject({ Bucket: lab.bucket, Key: key });
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
    close: async () => own.destroy(),
  };
});

function imageInput(name: string, ...snapshotIds: string[]) {
  return {
    name,
    description: 'of a test',
    firmware: 'bios' as const,
    disks: snapshotIds.map((snapshotId, order) => ({ snapshotId, order })),
    tags: { 'landfall:job': 'sms-job-1' },
  };
}

test('the same token gives the same task, which is found by it; several tasks are one call', async () => {
  const key = await stageDisk('twice', randomBytes(MiB));
  const first = await target.snapshots.startImport(importInput(key), never);
  expect(await target.snapshots.startImport(importInput(key), never)).toBe(first);
  expect(await target.snapshots.findImportByToken(importInput(key).token, never)).toBe(first);
  expect(await target.snapshots.findImportByToken('never used', never)).toBeNull();
  const second = await target.snapshots.startImport({ ...importInput(key), token: 'another' }, never);
  await labSays('requests', { reset: true });
  const tasks = await target.snapshots.importTasks([first, second], never);
  expect([...tasks.keys()].sort()).toEqual([first, second].sort());
  expect(JSON.stringify(await labSays('requests', { service: 'ec2' }))).toMatch(/DescribeImportSnapshotTasks\W+1\b/);
  const withUnknown = await target.snapshots.importTasks([first, 'import-snap-0123456789abcdef0', second], never);
  expect([...withUnknown.keys()].sort()).toEqual([first, second].sort());
  await Promise.all([ended(target.snapshots, first), ended(target.snapshots, second)]);
});

test('a damaged object fails with the words of AWS', async () => {
  const key = 'landfall/sms-job-1/sms-run-1/damaged.vmdk';
  const upload = await target.staging.startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(randomBytes(MiB), never);
  await upload.complete(never);
  const task = await ended(target.snapshots, await target.snapshots.startImport(importInput(key), never));
  expect(task).toMatchObject({ state: 'failed', snapshotIds: [] });
  expect(task.message).toContain('ClientError');
  expect(importFault('snapshot', task).fault).toMatchObject({
    code: 'import-snapshot-failed',
    cause: expect.stringContaining(task.message),
  });
});

test('an import can be cancelled, also when it is over or unknown', async () => {
  faults.add({ side: 'aws', operation: 'task:ImportSnapshot', effect: { kind: 'rate', bytesPerSecond: 1000 } });
  const key = await stageDisk('cancelled', randomBytes(2 * MiB));
  const taskId = await target.snapshots.startImport(importInput(key), never);
  await target.snapshots.cancelImport(taskId, never);
  expect((await ended(target.snapshots, taskId)).state).toBe('failed');
  await target.snapshots.cancelImport(taskId, never);
  await target.snapshots.cancelImport('import-snap-0123456789abcdef0', never);
});

test('a bucket that does not exist, a role that is missing', async () => {
  const noBucket = await failure(
    target.snapshots.startImport({ ...importInput('landfall/x'), bucket: 'nobody-has-this' }, never),
  );
  expect(noBucket).toMatchObject({ code: 'import-snapshot-failed', cause: expect.stringContaining('nobody-has-this') });
  const noRole = another({ importRole: 'nobody' });
  const refused = await failure(noRole.snapshots.startImport({ ...importInput(`landfall/x`), token: 'role' }, never));
  expect(refused.code).toBe('import-role-missing');
});

test('snapshots are tagged, found and deleted, but not under an AMI', async () => {
  await target.snapshots.tag([linux, data], { 'landfall:set': 'a' }, never);
  expect((await target.snapshots.find({ 'landfall:set': 'a' }, never)).sort()).toEqual([linux, data].sort());
  const imageId = await target.images.register(imageInput('in use', data), never);
  expect((await failure(target.snapshots.delete(data, never))).code).toBe('conflict');
  await target.images.deregister(imageId, never);
  await target.images.deregister(imageId, never);
  const spare = await importDisk('spare', randomBytes(MiB));
  await target.snapshots.delete(spare, never);
  await target.snapshots.delete(spare, never);
  expect(await labSays('snapshots')).not.toContainEqual(expect.objectContaining({ id: spare, state: 'completed' }));
});

test('RegisterImage: disks in order, hvm and x86_64, and a taken name', async () => {
  const imageId = await target.images.register(imageInput('web01', linux, data), never);
  const made = await imageInLab(imageId);
  expect(made).toMatchObject({
    architecture: 'x86_64',
    virtualizationType: 'hvm',
    bootMode: 'legacy-bios',
    enaSupport: true,
    rootDeviceName: '/dev/sda1',
    tags: { 'landfall:job': 'sms-job-1' },
    mappings: [
      { deviceName: '/dev/sda1', snapshotId: linux, deleteOnTermination: false },
      { deviceName: '/dev/sdf', snapshotId: data, deleteOnTermination: false },
    ],
  });
  expect((await target.images.describe([imageId, 'ami-0123456789abcdef0'], never)).get(imageId)).toEqual({
    imageId,
    name: 'web01',
    state: 'available',
    snapshotIds: [linux, data],
  });
  const kept = { sizeGiB: 1, type: 'gp3', deleteOnTermination: false };
  expect(await target.instances.image(imageId, never)).toMatchObject({
    architecture: 'x86_64',
    bootMode: 'legacy-bios',
    ena: true,
    windows: false,
    volumes: [
      { ...kept, device: '/dev/sda1', snapshotId: linux, isRoot: true },
      { ...kept, device: '/dev/sdf', snapshotId: data, isRoot: false },
    ],
  });
  expect(await target.images.register(imageInput('web01', linux, data), never)).toBe(imageId);
  expect(await target.images.findByName('web01', never)).toBe(imageId);
  const taken = await failure(target.images.register(imageInput('web01', linux), never));
  expect(taken).toMatchObject({ code: 'image-refused', message: `The AMI name web01 is taken by ${imageId}.` });
  const missing = await failure(target.images.register(imageInput('other', 'snap-0123456789abcdef0'), never));
  expect(missing).toMatchObject({ code: 'image-refused', cause: expect.stringContaining('InvalidSnapshot') });
});

test.each([
  ['aws', 'RunInstances:0002'],
  ['byol', 'RunInstances:0800'],
] as const)('ImportImage of Windows with licence %s', async (license, usageOperation) => {
  const input = {
    description: 'windows',
    firmware: 'bios' as const,
    platform: 'Windows' as const,
    license,
    disks: [{ snapshotId: windows, order: 0 }],
    token: `image-${license}`,
    tags: { 'landfall:run': 'sms-run-1' },
  };
  const taskId = await target.images.startImport(input, never);
  expect(await target.images.startImport(input, never)).toBe(taskId);
  expect(await target.images.findImportByToken(input.token, never)).toBe(taskId);
  const task = await ended(target.images, taskId);
  expect(task).toMatchObject({ state: 'completed', imageId: expect.stringMatching(/^ami-/) });
  const made = await imageInLab(task.imageId);
  expect(made).toMatchObject({ usageOperation, platform: 'windows' });
  expect(await target.instances.image(task.imageId ?? '', never)).toMatchObject({ windows: true, ena: true });
  // VM Import works on snapshots of its own; the replica stays as it is.
  expect(task.snapshotIds).toHaveLength(1);
  expect(task.snapshotIds).not.toContain(windows);
  await target.snapshots.tag([task.imageId ?? '', ...task.snapshotIds], { 'landfall:run': 'sms-run-1' }, never);
  expect(await target.snapshots.find({ 'landfall:run': 'sms-run-1' }, never)).toEqual(
    expect.arrayContaining(task.snapshotIds),
  );
});

test('VM Import refuses a guest that it does not know, in its own words', async () => {
  const input = { description: '', firmware: 'bios' as const, platform: 'Windows' as const, license: 'byol' as const };
  const disks = [{ snapshotId: linux, order: 0 }];
  const taskId = await target.images.startImport({ ...input, disks, token: 'wrong-guest', tags: {} }, never);
  const task = await ended(target.images, taskId);
  expect(importFault('image', task).fault).toMatchObject({
    code: 'import-image-failed',
    cause: expect.stringContaining('ClientError: Unknown OS'),
  });
});

test('a launch with all settings, its console, and a type that does not fit', async () => {
  const imageId = await target.images.register(imageInput('launched', linux, data), never);
  const { subnets, securityGroups, keyPairs } = await target.instances.networks(never);
  const input: LaunchInput = {
    imageId,
    instanceType: 't3.medium',
    subnetId: subnets[1]?.id ?? '',
    securityGroupIds: [securityGroups[0]?.id ?? ''],
    keyName: keyPairs[0] ?? null,
    publicAddress: false,
    volumes: [{ device: '/dev/sda1', type: 'gp3', sizeGiB: 3, iops: 4000, deleteOnTermination: true }],
    tags: { Name: 'web01', 'landfall:job': 'sms-job-1' },
    userData: '#cloud-config\n# ümlaut\n',
    token: 'launch-1',
  };
  expect(await target.instances.rehearse(input, never)).toBeNull();
  const instanceId = await target.instances.launch(input, never);
  const state = async () => (await target.instances.describe([instanceId], never)).get(instanceId);
  await expect.poll(async () => (await state())?.instanceStatus, { timeout: 10_000 }).toBe('ok');
  expect(await state()).toMatchObject({
    state: 'running',
    systemStatus: 'ok',
    imageId,
    privateAddress: expect.any(String),
  });
  const made = (await labSays<{ id: string }[]>('instances')).find(({ id }) => id === instanceId);
  expect(made).toMatchObject({
    subnetId: input.subnetId,
    tags: input.tags,
    ...(input.keyName && { keyName: input.keyName }),
  });
  expect((await target.instances.consoleOutput(instanceId, never)).text.length).toBeGreaterThan(0);
  await target.instances.terminate(instanceId, never);
  await expect.poll(async () => (await state())?.state, { timeout: 10_000 }).toBe('terminated');

  const unfit = await target.instances.rehearse({ ...input, instanceType: 'no-such.type' }, never);
  expect(unfit).toMatch(/InstanceType/);
});

test('a restricted key is told which action it lacks; a wrong secret and an expired token are told apart', async () => {
  const restricted = await failure(another({ credentials: lab.connector }).images.describe(['ami-1'], never));
  expect(restricted).toMatchObject({
    code: 'aws-access-denied',
    message: expect.stringContaining('ec2:DescribeImages'),
  });
  const wrong = another({ credentials: { ...lab.credentials, secretAccessKey: 'wrong' } });
  expect((await failure(wrong.images.describe(['ami-1'], never))).code).toBe('aws-credentials-refused');
  expect((await failure(wrong.identity(never))).code).toBe('aws-credentials-refused');
});

test('throttling and a broken server are waited out by the SDK; a clock that is off is named', async () => {
  faults.add({
    side: 'aws',
    operation: 'ec2:DescribeImages',
    count: 2,
    effect: { kind: 'fail', code: 'RequestLimitExceeded' },
  });
  expect(await another({}).images.describe(['ami-0123456789abcdef0'], never)).toEqual(new Map());
  expect(faults.list()).toEqual([]);
  faults.add({ side: 'aws', operation: 'ec2:DescribeImages', effect: { kind: 'fail', code: 'RequestExpired' } });
  const skewed = await failure(another({}).images.describe(['ami-0123456789abcdef0'], never));
  expect(skewed).toMatchObject({ code: 'aws-credentials-refused', remedy: expect.stringContaining('clock') });
});

test('closing ends a call that hangs', async () => {
  faults.add({ side: 'aws', operation: 'ec2:DescribeImages', count: 100, effect: { kind: 'hang' } });
  const closing = openAwsTarget(config());
  const call = failure(closing.images.describe(['ami-0123456789abcdef0'], never));
  await expect.poll(() => faults.list()[0]?.count).toBe(99);
  closing.close();
  expect((await call).cause).toContain('closed');
});
