// The lab's AWS with a target of ours over it, imported disks, and what the tests ask of them.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { type LabAws, startLabAws } from '../../../lab/aws/main.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import { makeBlock } from '../../disks/block.ts';
import { createStreamOptimizedVmdk } from '../../disks/formats/vmdk/write-stream.ts';
import { toFault } from '../../model/fault.ts';
import { openAwsTarget } from './open-target.ts';
import type { AwsTarget, AwsTargetConfig, ImportTask } from './target.ts';

export const MiB = 1024 * 1024;
export const never = new AbortController().signal;

let folder: string;
export let lab: LabAws;
export let target: AwsTarget;
/** Completed snapshots of a Linux disk, a data disk and a Windows disk. */
export let linux: string;
export let data: string;
export let windows: string;
export const faults = new FaultRules();
const open: AwsTarget[] = [];

/** Starts a lab for the tests of the file that calls it; what is exported here is there for its hooks and tests. */
export function targetForTests(): void {
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
}

export function config(changes: Partial<AwsTargetConfig> = {}): AwsTargetConfig {
  return {
    region: lab.region,
    bucket: lab.bucket,
    credentials: lab.credentials,
    endpoints: { s3: lab.url, ec2: lab.url, ebs: lab.url, sts: lab.url },
    account: lab.account,
    ...changes,
  };
}

export function another(changes: Partial<AwsTargetConfig>): AwsTarget {
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
export async function stageDisk(name: string, disk: Buffer): Promise<string> {
  const key = `landfall/sms-job-1/sms-run-1/${name}.vmdk`;
  const upload = await target.staging.startUpload(key, { capacityBytes: disk.length }, never);
  const writer = createStreamOptimizedVmdk({
    capacityBytes: disk.length,
    name: `${name}.vmdk`,
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

export const importInput = (key: string) => ({
  bucket: lab.bucket,
  key,
  description: 'a disk of a test',
  token: `sms-run-1/0/${key}/${'x'.repeat(60)}`,
  madeOf: 'the root of its digests',
  tags: { 'landfall:run': 'sms-run-1' },
});

/** Polls as a step does, until the task has ended. */
export async function ended(of: Pick<AwsTarget['snapshots'], 'importTasks'>, taskId: string): Promise<ImportTask> {
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
export async function labSays<T>(call: string, input?: object): Promise<T> {
  return (await lab.control[call]?.(input)) as T;
}

export const imageInLab = async (imageId: string | null) =>
  (await labSays<{ id: string; tags: Record<string, string> }[]>('images')).find(({ id }) => id === imageId);

export async function importDisk(name: string, disk: Buffer): Promise<string> {
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

export const failure = (promise: Promise<unknown>) =>
  promise.then(() => {
    throw new Error('The call went through.');
  }, toFault);

export function imageInput(name: string, ...snapshotIds: string[]) {
  return {
    name,
    description: 'of a test',
    firmware: 'bios' as const,
    disks: snapshotIds.map((snapshotId, order) => ({ snapshotId, order })),
    tags: { 'landfall:job': 'sms-job-1' },
  };
}
