import {
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  ImportImageCommand,
  type ImportImageCommandInput,
} from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../testing-lab-aws.ts';
import { blocksOf, type CloudLab, imageTask, snapshotOf, startCloudLab } from './testing-driving.ts';
import { efiDisk, linuxDisk, windowsDisk } from './testing-guest-disks.ts';

let lab: CloudLab;
let ec2: EC2Client;
let windows: string;
let linux: string;
let efi: string;
let empty: string;

beforeAll(async () => {
  lab = await startCloudLab();
  ec2 = lab.ec2();
  windows = await snapshotOf(lab, windowsDisk());
  linux = await snapshotOf(lab, linuxDisk());
  efi = await snapshotOf(lab, efiDisk());
  empty = await snapshotOf(lab, Buffer.alloc(2 ** 20, 5));
});
afterEach(() => lab.faults.clear());
afterAll(async () => lab[Symbol.asyncDispose]());

const from = (...ids: string[]) => ids.map((SnapshotId) => ({ SnapshotId }));

async function run(input: ImportImageCommandInput) {
  const { ImportTaskId } = await ec2.send(new ImportImageCommand(input));
  return imageTask(ec2, ImportTaskId!);
}

describe('ImportImage from snapshots', () => {
  test('makes an AMI with snapshots of its own, which differ from the replicas in one block', async () => {
    const before = await blocksOf(lab, windows);
    const task = await run({ DiskContainers: from(windows, linux), Description: 'dc01' });
    expect(task).toMatchObject({
      Status: 'completed',
      Platform: 'Windows',
      LicenseType: 'AWS',
      BootMode: 'legacy-bios',
      UsageOperation: 'RunInstances:0002',
    });
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [task.ImageId!] }));
    expect(Images![0]).toMatchObject({
      Platform: 'windows',
      PlatformDetails: 'Windows',
      VirtualizationType: 'hvm',
      EnaSupport: true,
    });
    const made = Images![0]!.BlockDeviceMappings!.map(({ Ebs }) => Ebs!.SnapshotId!);
    expect(made).toHaveLength(2);
    expect(made).not.toContain(windows);
    expect(task.SnapshotDetails!.map(({ SnapshotId }) => SnapshotId)).toEqual(made);
    const after = await blocksOf(lab, made[0]!);
    expect(after.filter((digest, index) => digest !== before[index])).toHaveLength(1);
    expect(await blocksOf(lab, windows)).toEqual(before);
  });

  test.each<[string, () => ImportImageCommandInput, object]>([
    [
      'Windows with the own licence',
      () => ({ DiskContainers: from(windows), LicenseType: 'BYOL' }),
      { LicenseType: 'BYOL', UsageOperation: 'RunInstances:0800', Platform: 'Windows' },
    ],
    [
      'Windows by usage operation',
      () => ({ DiskContainers: from(windows), UsageOperation: 'RunInstances:0800' }),
      { LicenseType: 'BYOL' },
    ],
    [
      'Linux',
      () => ({ DiskContainers: from(linux) }),
      { LicenseType: 'BYOL', UsageOperation: 'RunInstances', Platform: 'Linux' },
    ],
    [
      'a guest that boots by UEFI, with its platform',
      () => ({ DiskContainers: from(efi), Platform: 'Linux', BootMode: 'uefi' as const }),
      { BootMode: 'uefi' },
    ],
    [
      'a disk that tells nothing, with its platform',
      () => ({ DiskContainers: from(empty), Platform: 'Windows' }),
      { Platform: 'Windows' },
    ],
  ])('takes %s', async (_, input, expected) => {
    expect(await run(input())).toMatchObject({ Status: 'completed', ...expected });
  });

  test.each<[string, () => ImportImageCommandInput, string]>([
    [
      'a disk without partitions',
      () => ({ DiskContainers: from(empty) }),
      'ClientError: No valid partitions. Not a valid volume.',
    ],
    [
      'Linux under the platform Windows',
      () => ({ DiskContainers: from(linux), Platform: 'Windows' }),
      'ClientError: Unknown OS / Missing OS files.',
    ],
    [
      'Linux with a licence of AWS',
      () => ({ DiskContainers: from(linux), LicenseType: 'AWS' }),
      'ClientError: Linux images can only be imported with license type BYOL.',
    ],
    [
      'a guest that boots by UEFI without its platform',
      () => ({ DiskContainers: from(efi) }),
      'ClientError: The image boots by UEFI; the platform must be specified for an import from a snapshot.',
    ],
  ])('gives up on %s', async (_, input, message) => {
    const count = async () => (await ec2.send(new DescribeSnapshotsCommand({}))).Snapshots!.length;
    const before = await count();
    expect(await run(input())).toMatchObject({ Status: 'deleted', StatusMessage: message });
    expect(await count()).toBe(before);
  });

  test.each<[string, () => ImportImageCommandInput, string]>([
    [
      'both licence and usage operation',
      () => ({ DiskContainers: from(windows), LicenseType: 'BYOL', UsageOperation: 'RunInstances:0800' }),
      'InvalidParameter',
    ],
    ['UEFI without a platform', () => ({ DiskContainers: from(linux), BootMode: 'uefi' as const }), 'InvalidParameter'],
    [
      'a Linux platform with a licence of AWS',
      () => ({ DiskContainers: from(linux), Platform: 'Linux', LicenseType: 'AWS' }),
      'InvalidParameter',
    ],
    ['arm64', () => ({ DiskContainers: from(linux), Architecture: 'arm64' }), 'InvalidParameter'],
    [
      'uefi-preferred',
      () => ({ DiskContainers: from(linux), BootMode: 'uefi-preferred' as const }),
      'InvalidParameter',
    ],
    [
      'a snapshot that is not there',
      () => ({ DiskContainers: from('snap-00000000000000000') }),
      'InvalidSnapshot.NotFound',
    ],
    ['no disks', () => ({}), 'MissingParameter'],
    ['a dry run, which would have succeeded', () => ({ DiskContainers: from(linux), DryRun: true }), 'DryRunOperation'],
  ])('refuses %s at once', async (_, input, code) => {
    expect((await failure(ec2.send(new ImportImageCommand(input())))).name).toBe(code);
  });

  test('the same token is the same task, also after a restart; a rule makes VM Import refuse a kernel', async () => {
    const message = 'ClientError: Unsupported kernel version 6.12';
    lab.faults.add({
      side: 'aws',
      operation: 'vmie:ImportImage',
      match: { snapshotId: linux },
      effect: { kind: 'fail', code: 'ClientError', message },
    });
    const input = { DiskContainers: from(linux), ClientToken: 'once' };
    const task = await run(input);
    expect(task).toMatchObject({ Status: 'deleted', StatusMessage: message });
    await lab.restart();
    ec2 = lab.ec2();
    expect((await ec2.send(new ImportImageCommand(input))).ImportTaskId).toBe(task.ImportTaskId);
    const log = (await lab.aws.control.importLog!({ taskId: task.ImportTaskId })) as { text: string }[];
    expect(log.map(({ text }) => text)).toEqual(['pending', `deleting: ${message}`]);
  });
});
