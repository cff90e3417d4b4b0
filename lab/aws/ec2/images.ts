// AMIs: RegisterImage, DescribeImages, DeregisterImage.
import { AwsError } from '../service.ts';
import { newId } from '../snapshots/store.ts';
import { applyFilters, page, tagSet } from './describe.ts';
import type { Parameters, Xml } from './query.ts';
import { endDryRun, found, invalid, readDescription, tagsFor } from './refusals.ts';
import { completedSnapshot } from './snapshots.ts';
import type { Action, DiskMapping, Ec2, ImageRecord } from './state.ts';

export function imageActions(ec2: Ec2): Record<string, Action> {
  const { state, context } = ec2;
  return {
    RegisterImage(parameters) {
      const name = checkName(ec2, parameters.required('Name'));
      const mappings = readImageMappings(ec2, parameters);
      const rootDeviceName = parameters.required('RootDeviceName');
      if (!mappings.some(({ deviceName, snapshotId }) => deviceName === rootDeviceName && snapshotId)) {
        throw new AwsError(
          400,
          'InvalidBlockDeviceMapping',
          `The root device ${rootDeviceName} has no snapshot in the block device mappings.`,
        );
      }
      const bootMode = oneOf(parameters, 'BootMode', ['legacy-bios', 'uefi', 'uefi-preferred']);
      const architecture = oneOf(parameters, 'Architecture', ['i386', 'x86_64', 'arm64']) ?? 'i386';
      const virtualizationType = oneOf(parameters, 'VirtualizationType', ['paravirtual', 'hvm']) ?? 'paravirtual';
      if (bootMode?.startsWith('uefi') && virtualizationType !== 'hvm') {
        throw invalid(`BootMode ${bootMode} needs VirtualizationType hvm.`);
      }
      const tpmSupport = oneOf(parameters, 'TpmSupport', ['v2.0']);
      if (tpmSupport && bootMode !== 'uefi') throw invalid('TpmSupport needs BootMode uefi.');
      const imdsSupport = oneOf(parameters, 'ImdsSupport', ['v2.0']);
      const tags = tagsFor(parameters, ['image']).image ?? {};
      const record: ImageRecord = {
        id: newId('ami'),
        name,
        description: readDescription(parameters),
        architecture,
        virtualizationType,
        enaSupport: parameters.flag('EnaSupport') ?? false,
        ...(bootMode ? { bootMode } : {}),
        ...(tpmSupport ? { tpmSupport } : {}),
        ...(imdsSupport ? { imdsSupport } : {}),
        rootDeviceName,
        mappings,
        platformDetails: 'Linux/UNIX',
        usageOperation: 'RunInstances',
        creationDate: context.now().toISOString(),
        tags,
        origin: 'register',
      };
      endDryRun(parameters);
      state.saveImage(record);
      return { imageId: record.id };
    },

    DescribeImages(parameters) {
      const ids = parameters.list('ImageId');
      const seen = seenImages(ec2);
      for (const id of ids)
        found(
          'image',
          id,
          seen.find(({ image }) => image.id === id),
        );
      const owners = parameters.list('Owner').map((owner) => (owner === 'self' ? context.account : owner));
      const chosen = seen
        .filter(({ owner }) => !owners.length || owners.includes(owner.context.account))
        .filter(({ image }) => !ids.length || ids.includes(image.id))
        .map((one) => ({ ...one, tags: one.owner === ec2 ? one.image.tags : {} }));
      const xml = (one: SeenImage) => imageXml(ec2, one);
      const shown = page(applyFilters(chosen, parameters, {}, { as: 'image', xml }), parameters, {
        least: 1,
        most: 1000,
        byId: ids.length > 0,
      });
      return { imagesSet: shown.items.map(xml), nextToken: shown.nextToken };
    },

    async DeregisterImage(parameters) {
      const id = parameters.required('ImageId');
      const image = state.images[id];
      if (image === undefined) {
        found('image', id, undefined);
        return {};
      }
      endDryRun(parameters);
      state.removeImage(id);
      const results: Xml[] = [];
      if (parameters.flag('DeleteAssociatedSnapshots')) {
        for (const { snapshotId } of image.mappings) {
          if (!snapshotId) continue;
          const used = Object.values(state.images).some(({ mappings }) =>
            mappings.some((m) => m.snapshotId === snapshotId),
          );
          if (!used) await ec2.snapshots.remove(snapshotId);
          results.push({ snapshotId, returnCode: used ? 'skipped' : 'success' });
        }
      }
      return { return: true, deleteSnapshotResultSet: results };
    },
  };
}

export function checkName({ state }: Ec2, name: string): string {
  if (!/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name) || name !== name.trim()) {
    throw new AwsError(
      400,
      'InvalidAMIName.Malformed',
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, and only the following characters: ( ) [ ] space . / - ' @ _",
    );
  }
  const other = Object.values(state.images).find((image) => image.name === name);
  if (other) {
    throw new AwsError(400, 'InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${other.id}`);
  }
  return name;
}

function oneOf(parameters: Parameters, name: string, values: readonly string[]): string | undefined {
  const value = parameters.text(name);
  if (value !== undefined && !values.includes(value)) throw invalid(`Invalid value '${value}' for ${name}`);
  return value;
}

function readImageMappings(ec2: Ec2, parameters: Parameters): DiskMapping[] {
  const mappings = parameters.structures('BlockDeviceMapping').map((mapping): DiskMapping => {
    const deviceName = mapping.required('DeviceName');
    const ebs = mapping.structure('Ebs');
    if (!ebs)
      throw new AwsError(
        400,
        'InvalidBlockDeviceMapping',
        `${deviceName} has no Ebs block; the lab has no other disks.`,
      );
    return readDisk(ec2, deviceName, ebs);
  });
  const names = mappings.map(({ deviceName }) => deviceName);
  for (const name of names) mustBeDevice(name);
  if (new Set(names).size < names.length) {
    throw new AwsError(400, 'InvalidBlockDeviceMapping', 'A device name stands twice in the block device mappings.');
  }
  return mappings;
}

/** The names that HVM has for volumes (EC2 user guide, device names for volumes). */
function mustBeDevice(name: string): void {
  if (/^(\/dev\/)?(sda1|sd[a-z]|xvd[a-z]|xvd[a-d][a-z])$/.test(name)) return;
  throw new AwsError(400, 'InvalidBlockDeviceMapping', `Invalid device name ${name}`);
}

function readDisk(ec2: Ec2, deviceName: string, ebs: Parameters): DiskMapping {
  const snapshotId = ebs.text('SnapshotId');
  const asked = ebs.integer('VolumeSize');
  const snapshot = snapshotId ? completedSnapshot(ec2, snapshotId) : undefined;
  const encrypted = ebs.flag('Encrypted');
  const kmsKeyId = ebs.text('KmsKeyId');
  if (snapshot && (encrypted !== undefined || kmsKeyId)) {
    throw new AwsError(
      400,
      'InvalidBlockDeviceMapping',
      "The encryption of a mapping with a snapshot is the snapshot's; Encrypted and KmsKeyId must be left out.",
    );
  }
  if (snapshot && asked !== undefined && asked < snapshot.volumeSize) {
    throw new AwsError(
      400,
      'InvalidBlockDeviceMapping',
      `Volume of size ${asked}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.volumeSize}GB`,
    );
  }
  const volumeSize = asked ?? snapshot?.volumeSize;
  if (volumeSize === undefined)
    throw new AwsError(400, 'MissingParameter', `${deviceName} needs a SnapshotId or a VolumeSize`);
  const iops = ebs.integer('Iops');
  const throughput = ebs.integer('Throughput');
  return {
    deviceName,
    ...(snapshotId ? { snapshotId } : {}),
    volumeSize,
    volumeType: ebs.text('VolumeType') ?? 'standard',
    ...(iops ? { iops } : {}),
    ...(throughput ? { throughput } : {}),
    deleteOnTermination: ebs.flag('DeleteOnTermination') ?? true,
    encrypted: snapshot?.encrypted ?? encrypted ?? false,
    ...(snapshot?.kmsKeyId ? { kmsKeyId: snapshot.kmsKeyId } : {}),
  };
}

export interface SeenImage {
  id: string;
  image: ImageRecord;
  owner: Ec2;
}

/** Its own images, and those of the Region that other accounts have shared with this one. */
export function seenImages(ec2: Ec2, region = ec2.context.region): SeenImage[] {
  const { account } = ec2.context;
  const there = [...ec2.everywhere.values()].filter(({ context }) => context.region === region);
  return there.flatMap((owner) =>
    Object.values(owner.state.images)
      .filter((image) => owner.context.account === account || image.sharedWith?.includes(account))
      .map((image) => ({ id: image.id, image, owner })),
  );
}

function imageXml(ec2: Ec2, { image, owner }: SeenImage): Xml {
  const { account } = owner.context;
  return {
    imageId: image.id,
    imageLocation: `${account}/${image.name}`,
    imageState: image.state ?? 'available',
    stateReason: image.stateReason,
    sourceImageId: image.copyOf?.imageId,
    sourceImageRegion: image.copyOf?.region,
    imageOwnerId: account,
    creationDate: image.creationDate,
    isPublic: false,
    architecture: image.architecture,
    imageType: 'machine',
    name: image.name,
    description: image.description || undefined,
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDeviceName,
    blockDeviceMapping: image.mappings.map((mapping) => ({
      deviceName: mapping.deviceName,
      ebs: {
        snapshotId: mapping.snapshotId,
        volumeSize: mapping.volumeSize,
        deleteOnTermination: mapping.deleteOnTermination,
        volumeType: mapping.volumeType,
        iops: mapping.iops,
        throughput: mapping.throughput,
        encrypted: mapping.encrypted,
        kmsKeyId: mapping.kmsKeyId,
      },
    })),
    virtualizationType: image.virtualizationType,
    hypervisor: 'xen',
    enaSupport: image.enaSupport,
    bootMode: image.bootMode,
    tpmSupport: image.tpmSupport,
    imdsSupport: image.imdsSupport,
    platform: image.platform,
    platformDetails: image.platformDetails,
    usageOperation: image.usageOperation,
    // Nobody sees the tags of an image that is not his own.
    tagSet: tagSet(owner === ec2 ? image.tags : {}),
  };
}
