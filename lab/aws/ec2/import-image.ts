// ImportImage from EBS snapshots: makes snapshots of its own and an AMI of them.
import { createHash } from 'node:crypto';
import { paced } from '../pace.ts';
import { AwsError } from '../service.ts';
import { blockSize } from '../snapshots/block-file.ts';
import { newId, type SnapshotRecord } from '../snapshots/store.ts';
import { type GuestDisk, inspectDisk } from './guest-disk.ts';
import { askedTask, chooseTasks, note, repeated, rest, startTask, taskFaults, taskTags } from './import-tasks.ts';
import type { Parameters, Xml } from './query.ts';
import { fingerprint, readDescription } from './refusals.ts';
import { completedSnapshot } from './snapshots.ts';
import type { Action, DiskMapping, Ec2, ImageRecord, ImportTask } from './state.ts';

type ImageTask = ImportTask & { image: NonNullable<ImportTask['image']> };

export function importImageActions(ec2: Ec2): Record<string, Action> {
  return {
    ImportImage(parameters) {
      const print = fingerprint(parameters.fields);
      const earlier = repeated(ec2, parameters, 'image', print);
      if (earlier) return taskXml(earlier);
      const image = readImage(ec2, parameters);
      const asked = { kind: 'image', fingerprint: print, progress: 1, encryptedByDefault: false } as const;
      const task: ImageTask = { ...askedTask(ec2, parameters, asked), image };
      ec2.state.saveTask(task);
      startTask(ec2, task, (signal) => importImage(ec2, task, signal));
      return taskXml(task);
    },

    DescribeImportImageTasks(parameters) {
      const shown = chooseTasks(ec2, parameters, 'image');
      return { importImageTaskSet: shown.items.map(taskXml), nextToken: shown.nextToken };
    },
  };
}

/** Tasks that were active when the lab ended begin again from the source's snapshots. */
export function resumeImageTasks(ec2: Ec2): void {
  for (const task of Object.values(ec2.state.tasks)) {
    if (task.status === 'deleting' && task.kind === 'image') task.status = 'deleted';
    if (task.status === 'active' && task.image) {
      const { image } = task;
      startTask(ec2, task, (signal) => importImage(ec2, { ...task, image }, signal));
    }
  }
}

function readImage(ec2: Ec2, parameters: Parameters): NonNullable<ImportTask['image']> {
  const refused = (message: string) => new AwsError(400, 'InvalidParameter', message);
  const disks = parameters.structures('DiskContainer').map((container) => {
    const snapshotId = container.text('SnapshotId');
    if (!snapshotId)
      throw refused('The lab imports images from EBS snapshots only; a disk container has no SnapshotId.');
    completedSnapshot(ec2, snapshotId);
    const deviceName = container.text('DeviceName');
    return { snapshotId, description: readDescription(container), ...(deviceName ? { deviceName } : {}) };
  });
  if (!disks.length)
    throw new AwsError(400, 'MissingParameter', 'The request must contain the parameter DiskContainers');
  const among = (name: string, values: readonly string[]) => {
    const value = parameters.text(name);
    if (value !== undefined && !values.includes(value)) throw refused(`Invalid value '${value}' for ${name}.`);
    return value;
  };
  const architecture = among('Architecture', ['i386', 'x86_64']) ?? 'x86_64';
  const platform = among('Platform', ['Windows', 'Linux']);
  const licenseType = among('LicenseType', ['AWS', 'BYOL']);
  const usageOperation = parameters.text('UsageOperation');
  const bootMode = among('BootMode', ['legacy-bios', 'uefi']);
  if (licenseType && usageOperation) throw refused('Only one of LicenseType and UsageOperation can be specified.');
  if (usageOperation && !/^RunInstances(:[0-9a-z]{4})?$/.test(usageOperation)) {
    throw refused(`Invalid value '${usageOperation}' for UsageOperation.`);
  }
  if (bootMode === 'uefi' && !platform) {
    throw refused('Platform must be specified when an EBS snapshot of a guest that boots by UEFI is imported.');
  }
  if (platform === 'Linux' && licenseType === 'AWS')
    throw refused('Linux images can only be imported with license type BYOL.');
  return {
    architecture,
    disks,
    ...(platform ? { platform } : {}),
    ...(licenseType ? { licenseType } : {}),
    ...(usageOperation ? { usageOperation } : {}),
    ...(bootMode ? { bootMode } : {}),
  };
}

async function importImage(ec2: Ec2, task: ImageTask, signal: AbortSignal): Promise<void> {
  const { context, state, snapshots } = ec2;
  const { image } = task;
  const record = state.tasks[task.id] ?? task;
  const step = async (statusMessage: string, progress: number, ms: number) => {
    record.statusMessage = statusMessage;
    record.progress = progress;
    note(ec2, record, statusMessage);
    state.saveTask(record);
    await rest(paced(context, ms), signal);
  };
  await step('pending', 2, 500);
  await taskFaults(ec2, record, signal);
  // VM Import/Export user guide, limitations. The words are the lab's.
  if (image.disks.length > 21) throw new Error('ClientError: The image has more than 21 volumes.');
  await step('converting', 19, 700);
  const roots = await Promise.all(image.disks.map(({ snapshotId }) => inspectDisk(snapshots, snapshotId)));
  await step('validating', 27, 500);
  const guest = judge(image, roots);
  await step('updating', 45, 700);
  const made: SnapshotRecord[] = [];
  try {
    for (const disk of image.disks) {
      signal.throwIfAborted();
      const copy = await convertedCopy(ec2, task, disk.snapshotId);
      made.push(copy);
      disk.made = copy.id;
    }
    await step('booting', 62, 700);
    await step('preparing ami', 88, 500);
  } catch (error) {
    for (const copy of made) await snapshots.remove(copy.id);
    for (const disk of image.disks) disk.made = undefined;
    throw error;
  }
  const ami = makeImage(ec2, task, guest, made);
  image.platform = guest.platform;
  image.licenseType = guest.licenseType;
  image.usageOperation = guest.usageOperation;
  image.bootMode = guest.bootMode;
  image.imageId = ami.id;
  record.status = 'completed';
  record.statusMessage = undefined;
  record.progress = undefined;
  note(ec2, record, `completed as ${ami.id}`);
  state.saveTask(record);
}

interface Judged {
  platform: 'Windows' | 'Linux';
  licenseType: 'AWS' | 'BYOL';
  usageOperation: string;
  bootMode: string;
}

/** What VM Import makes of the bytes: the guest system, its licence, how it boots. */
function judge(image: ImageTask['image'], disks: GuestDisk[]): Judged {
  const seen = disks.some(({ windows }) => windows)
    ? 'Windows'
    : disks.some(({ linux }) => linux)
      ? 'Linux'
      : undefined;
  if (!seen && !image.platform) {
    const anything = disks.some(({ partitions }) => partitions > 0);
    throw new Error(
      anything
        ? 'ClientError: Unknown OS / Missing OS files.'
        : 'ClientError: No valid partitions. Not a valid volume.',
    );
  }
  if (seen && image.platform && seen !== image.platform) throw new Error('ClientError: Unknown OS / Missing OS files.');
  const root = disks.find(({ bootCode, efi }) => bootCode || efi);
  const uefi = image.bootMode === 'uefi' || (!image.bootMode && root !== undefined && root.efi && !root.bootCode);
  if (uefi && !image.platform) {
    throw new Error(
      'ClientError: The image boots by UEFI; the platform must be specified for an import from a snapshot.',
    );
  }
  const platform = image.platform === 'Windows' || seen === 'Windows' ? 'Windows' : 'Linux';
  if (platform === 'Linux' && image.licenseType === 'AWS') {
    throw new Error('ClientError: Linux images can only be imported with license type BYOL.');
  }
  if (platform === 'Linux' && image.usageOperation && image.usageOperation !== 'RunInstances') {
    throw new Error(`ClientError: The usage operation ${image.usageOperation} does not fit the operating system.`);
  }
  const byol = platform === 'Linux' || image.licenseType === 'BYOL' || image.usageOperation === 'RunInstances:0800';
  return {
    platform,
    licenseType: byol ? 'BYOL' : 'AWS',
    usageOperation:
      image.usageOperation ??
      (platform === 'Linux' ? 'RunInstances' : byol ? 'RunInstances:0800' : 'RunInstances:0002'),
    bootMode: image.bootMode ?? (uefi ? 'uefi' : 'legacy-bios'),
  };
}

/** A copy that differs in one block: the last bytes before the first MiB, where partitions leave a gap. */
async function convertedCopy(ec2: Ec2, task: ImportTask, snapshotId: string): Promise<SnapshotRecord> {
  const { snapshots, context } = ec2;
  const copy = snapshots.copy(completedSnapshot(ec2, snapshotId), {
    description: `Created by AWS-VMImport service for ${task.id}`,
    ...(task.encrypted ? { encrypted: true, kmsKeyId: task.kmsKeyId } : {}),
  });
  const block = (await snapshots.read(copy.id, 1)) ?? Buffer.alloc(blockSize);
  block.write(`converted by VM Import for ${task.id}`.padEnd(64), blockSize - 64, 'latin1');
  await snapshots.putBlock(copy, 1, block, createHash('sha256').update(block).digest());
  copy.state = 'completed';
  copy.progress = 100;
  copy.completionTime = context.now().toISOString();
  snapshots.save(copy);
  return copy;
}

function makeImage(ec2: Ec2, task: ImageTask, guest: Judged, made: SnapshotRecord[]): ImageRecord {
  const windows = guest.platform === 'Windows';
  const mappings = made.map(
    (snapshot, at): DiskMapping => ({
      deviceName:
        task.image.disks[at]?.deviceName ?? (at === 0 ? '/dev/sda1' : `/dev/sd${'fghijklmnop'[at - 1] ?? 'z'}`),
      snapshotId: snapshot.id,
      volumeSize: snapshot.volumeSize,
      volumeType: 'gp2',
      deleteOnTermination: at === 0,
      encrypted: snapshot.encrypted,
      ...(snapshot.kmsKeyId ? { kmsKeyId: snapshot.kmsKeyId } : {}),
    }),
  );
  const record: ImageRecord = {
    id: newId('ami'),
    name: task.id,
    description: task.description || `AWS-VMImport service: ${guest.platform}`,
    architecture: task.image.architecture,
    virtualizationType: 'hvm',
    bootMode: guest.bootMode,
    enaSupport: true,
    rootDeviceName: mappings[0]?.deviceName ?? '/dev/sda1',
    mappings,
    ...(windows ? { platform: 'windows' } : {}),
    platformDetails: !windows ? 'Linux/UNIX' : guest.licenseType === 'BYOL' ? 'Windows BYOL' : 'Windows',
    usageOperation: guest.usageOperation,
    creationDate: ec2.context.now().toISOString(),
    tags: {},
    origin: 'import',
  };
  ec2.state.saveImage(record);
  return record;
}

function taskXml(task: ImportTask): { [name: string]: Xml } {
  const { image } = task;
  return {
    importTaskId: task.id,
    architecture: image?.architecture,
    description: task.description,
    encrypted: task.encrypted,
    hypervisor: undefined,
    imageId: image?.imageId,
    kmsKeyId: task.kmsKeyId,
    licenseType: image?.licenseType,
    platform: image?.platform,
    usageOperation: image?.usageOperation,
    bootMode: image?.bootMode,
    progress: task.progress === undefined ? undefined : String(task.progress),
    status: task.status,
    statusMessage: task.statusMessage,
    snapshotDetailSet: image?.disks.map((disk) => ({
      description: disk.description,
      deviceName: disk.deviceName,
      snapshotId: disk.made ?? disk.snapshotId,
      status: task.status === 'completed' || disk.made ? 'completed' : 'active',
    })),
    tagSet: taskTags(task),
  };
}
