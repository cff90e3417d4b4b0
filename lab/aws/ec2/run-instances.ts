// RunInstances, with the refusals that decide whether an AMI starts on a type.
import { randomBytes } from 'node:crypto';
import { AwsError } from '../service.ts';
import { newId } from '../snapshots/store.ts';
import { inspectDisk } from './guest-disk.ts';
import type { Guests } from './guests.ts';
import { findInstanceType, type InstanceType } from './instance-types.ts';
import { reservationXml } from './instance-xml.ts';
import { beginInstance } from './instances.ts';
import { keyByName } from './key-pairs.ts';
import { withTemplate } from './launch-templates.ts';
import { networkOf } from './network.ts';
import { addressesFor, checkOffered, choosePlace, publicAddresses } from './placement.ts';
import type { Parameters } from './query.ts';
import { endDryRun, fingerprint, found, invalid, tagsFor, tokenMismatch } from './refusals.ts';
import { completedSnapshot, defaultKey } from './snapshots.ts';
import type { Action, DiskMapping, Ec2, ImageRecord, InstanceRecord, Tags, VolumeRecord } from './state.ts';

export function runInstancesAction(ec2: Ec2, guests: Guests): Record<string, Action> {
  return {
    async RunInstances(request) {
      const print = fingerprint(request.fields);
      const { parameters, tags: templateTags } = withTemplate(ec2, request);
      const earlier = repeatedLaunch(ec2, parameters.text('ClientToken'), print);
      if (earlier) return reservationXml(ec2, earlier);
      const image = found('image', parameters.required('ImageId'), ec2.state.images[parameters.text('ImageId') ?? '']);
      if (image.state) {
        throw new AwsError(400, 'InvalidAMIID.Unavailable', `The image ID '${image.id}' is not available`);
      }
      const type = chooseType(parameters.text('InstanceType') ?? 'm1.small');
      const bootMode = checkFits(image, type);
      const place = choosePlace(networkOf(ec2), parameters);
      checkOffered(networkOf(ec2), place.subnet, type);
      const keyName = parameters.text('KeyName');
      if (keyName) keyByName(ec2, keyName);
      const profile = parameters.structure('IamInstanceProfile');
      const cpuCredits = readCredits(parameters, type);
      const userData = readUserData(parameters.text('UserData'));
      const disks = readDisks(ec2, image, parameters);
      checkAttachments(disks.length, type);
      const tags = tagsFor(parameters, ['instance', 'volume', 'network-interface']);
      const count = readCount(parameters);
      addressesFor(ec2, place, count);
      endDryRun(parameters);
      const rootSnapshot = disks.find(({ deviceName }) => deviceName === image.rootDeviceName)?.snapshotId;
      if (!rootSnapshot) throw new AwsError(400, 'InvalidBlockDeviceMapping', 'The root device has no snapshot.');
      const plan = guests.plan(image, bootMode, await inspectDisk(ec2.snapshots, rootSnapshot));
      const reservationId = newId('r');
      const clientToken = parameters.text('ClientToken');
      const metadata = parameters.structure('MetadataOptions');
      // Taken only now: another launch may have come in while the disk was looked at.
      const addresses = addressesFor(ec2, place, count);
      const publicIps = place.publicAddress ? publicAddresses(ec2, count) : [];
      const made = Array.from({ length: count }, (_, launchIndex): InstanceRecord => {
        const now = ec2.context.now().toISOString();
        const id = newId('i');
        return {
          id,
          reservationId,
          imageId: image.id,
          instanceType: type.id,
          state: 'pending',
          transitionReason: '',
          ...(keyName ? { keyName } : {}),
          ...(profile ? { instanceProfile: profile.text('Arn') ?? profile.required('Name') } : {}),
          subnetId: place.subnet.id,
          vpcId: place.subnet.vpcId,
          availabilityZone: place.subnet.zone,
          groups: place.groups,
          privateIp: addresses[launchIndex] ?? '',
          ...(place.publicAddress ? { publicIp: publicIps[launchIndex] ?? '' } : {}),
          interface: { description: place.description, tags: { ...tags['network-interface'] } },
          monitoring: parameters.structure('Monitoring')?.flag('Enabled') ?? false,
          ...(cpuCredits ? { cpuCredits } : {}),
          ebsOptimized: parameters.flag('EbsOptimized') ?? false,
          interfaceId: newId('eni'),
          macAddress: `06:${[...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`,
          launchIndex,
          launchTime: now,
          started: now,
          architecture: image.architecture,
          virtualizationType: image.virtualizationType,
          ...(bootMode ? { bootMode } : {}),
          ...(image.platform ? { platform: image.platform } : {}),
          platformDetails: image.platformDetails,
          usageOperation: image.usageOperation,
          rootDeviceName: image.rootDeviceName,
          volumeIds: makeVolumes(ec2, id, place.subnet.zone, disks, tags.volume ?? {}),
          ...(userData ? { userData } : {}),
          httpTokens: metadata?.text('HttpTokens') ?? 'optional',
          httpEndpoint: metadata?.text('HttpEndpoint') ?? 'enabled',
          httpHops: metadata?.integer('HttpPutResponseHopLimit') ?? 2,
          ...(clientToken ? { clientToken, fingerprint: print } : {}),
          shutdownBehavior: parameters.text('InstanceInitiatedShutdownBehavior') ?? 'stop',
          ...plan,
          alive: false,
          tags: { ...templateTags, ...tags.instance },
        };
      });
      for (const instance of made) ec2.state.instances[instance.id] = instance;
      ec2.state.save();
      for (const instance of made) beginInstance(ec2, guests, instance);
      return reservationXml(ec2, made);
    },
  };
}

function repeatedLaunch(ec2: Ec2, token: string | undefined, print: string): InstanceRecord[] | undefined {
  if (!token) return undefined;
  if (token.length > 64) throw invalid('ClientToken must not be longer than 64 characters.');
  const earlier = Object.values(ec2.state.instances).filter(({ clientToken }) => clientToken === token);
  if (!earlier.length) return undefined;
  if (earlier[0]?.fingerprint !== print) throw tokenMismatch();
  return earlier;
}

function chooseType(name: string): InstanceType {
  const type = findInstanceType(name);
  if (!type) throw invalid(`Invalid value '${name}' for InstanceType.`);
  return type;
}

/** Refuses an AMI that cannot start on the type; answers the boot mode that the instance will use. */
function checkFits(image: ImageRecord, type: InstanceType): string | undefined {
  if (!type.virtualizationTypes.includes(image.virtualizationType)) {
    throw new AwsError(
      400,
      'InvalidParameterCombination',
      `Virtualization type '${image.virtualizationType}' of the AMI is not supported for instances of type '${type.id}'.`,
    );
  }
  if (!type.architectures.includes(image.architecture)) {
    throw invalid(
      `The architecture '${type.architectures.join(',')}' of the specified instance type does not match the architecture ` +
        `'${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
  }
  if (type.ena === 'required' && !image.enaSupport) {
    throw new AwsError(
      400,
      'InvalidParameterCombination',
      `Enhanced networking with the Elastic Network Adapter (ENA) is required for the '${type.id}' instance type. ` +
        'Ensure that you are using an AMI that is enabled for ENA.',
    );
  }
  if (image.bootMode === 'uefi-preferred') return type.bootModes.includes('uefi') ? 'uefi' : 'legacy-bios';
  if (image.bootMode && !type.bootModes.includes(image.bootMode)) {
    throw new AwsError(
      400,
      'InvalidParameterCombination',
      `The boot mode '${image.bootMode}' of the AMI is not supported by the instance type '${type.id}'.`,
    );
  }
  return image.bootMode;
}

function checkAttachments(volumes: number, { id, attachments }: InstanceType): void {
  const most = attachments.kind === 'dedicated' ? attachments.most : attachments.most - 1;
  if (volumes <= most) return;
  throw new AwsError(400, 'AttachmentLimitExceeded', `${volumes} volumes exceed the ${most} that ${id} attaches.`);
}

/** What a burstable type does when its credits are spent; other types have no such choice. */
function readCredits(parameters: Parameters, type: InstanceType): string | undefined {
  const asked = parameters.structure('CreditSpecification')?.text('CpuCredits');
  if (asked === undefined) return type.burstable ? (type.id.startsWith('t2.') ? 'standard' : 'unlimited') : undefined;
  if (!type.burstable) {
    throw new AwsError(
      400,
      'InstanceCreditSpecification.NotSupported',
      `The ${type.id} instance type does not support T2 Unlimited.`,
    );
  }
  if (!['standard', 'unlimited'].includes(asked)) throw invalid(`Invalid value '${asked}' for CpuCredits.`);
  return asked;
}

/** Decodes and measures user data: at most 16 KiB before encoding. Kept encoded. */
function readUserData(encoded: string | undefined): string | undefined {
  if (!encoded) return undefined;
  if (!/^[A-Za-z0-9+/=\s]*$/.test(encoded)) throw invalid('Invalid BASE64 encoding of user data.');
  if (Buffer.from(encoded, 'base64').length > 16384) throw invalid('User data is limited to 16384 bytes');
  return encoded;
}

function readCount(parameters: Parameters): number {
  const least = parameters.integer('MinCount') ?? 1;
  const most = parameters.integer('MaxCount') ?? 1;
  if (least < 1 || most < least) throw invalid(`Invalid value '${most}' for MaxCount: it must be at least MinCount.`);
  if (least > 20) {
    throw new AwsError(400, 'InstanceLimitExceeded', 'The lab launches no more than 20 instances in one request.');
  }
  return Math.min(most, 20);
}

/** The image's disks, changed by the request's block device mappings. */
function readDisks(ec2: Ec2, image: ImageRecord, parameters: Parameters): DiskMapping[] {
  const disks = new Map(image.mappings.map((mapping) => [mapping.deviceName, mapping]));
  for (const change of parameters.structures('BlockDeviceMapping')) {
    const deviceName = change.required('DeviceName');
    if (change.text('NoDevice') !== undefined) {
      disks.delete(deviceName);
      continue;
    }
    const ebs = change.structure('Ebs');
    if (!ebs) throw new AwsError(400, 'InvalidBlockDeviceMapping', `${deviceName} has no Ebs block.`);
    disks.set(deviceName, changedDisk(ec2, deviceName, disks.get(deviceName), ebs));
  }
  return [...disks.values()];
}

function changedDisk(ec2: Ec2, deviceName: string, disk: DiskMapping | undefined, ebs: Parameters): DiskMapping {
  const snapshotId = ebs.text('SnapshotId') ?? disk?.snapshotId;
  const snapshot = snapshotId ? completedSnapshot(ec2, snapshotId) : undefined;
  if (disk?.snapshotId && snapshotId !== disk.snapshotId) {
    throw new AwsError(400, 'InvalidBlockDeviceMapping', `snapshotId cannot be modified on ${deviceName}`);
  }
  const volumeSize = ebs.integer('VolumeSize') ?? disk?.volumeSize ?? snapshot?.volumeSize;
  if (volumeSize === undefined)
    throw new AwsError(400, 'MissingParameter', `${deviceName} needs a SnapshotId or a VolumeSize`);
  if (snapshot && volumeSize < snapshot.volumeSize) {
    throw new AwsError(
      400,
      'InvalidBlockDeviceMapping',
      `Volume of size ${volumeSize}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.volumeSize}GB`,
    );
  }
  const volumeType = ebs.text('VolumeType') ?? disk?.volumeType ?? 'gp2';
  if (!['standard', 'gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1'].includes(volumeType)) {
    throw invalid(`Invalid value '${volumeType}' for VolumeType.`);
  }
  const iops = ebs.integer('Iops') ?? disk?.iops;
  if (/^io[12]$/.test(volumeType) && !iops) {
    throw new AwsError(400, 'MissingParameter', `The request must contain the parameter Iops for ${volumeType}`);
  }
  const throughput = ebs.integer('Throughput') ?? disk?.throughput;
  const encrypted = ebs.flag('Encrypted') ?? disk?.encrypted ?? snapshot?.encrypted ?? false;
  if (snapshot?.encrypted && !encrypted) throw invalid('A volume of an encrypted snapshot must be encrypted.');
  const kmsKeyId = ebs.text('KmsKeyId') ?? disk?.kmsKeyId ?? (encrypted ? defaultKey(ec2) : undefined);
  return {
    deviceName,
    ...(snapshotId ? { snapshotId } : {}),
    volumeSize,
    volumeType,
    ...(iops ? { iops } : {}),
    ...(throughput ? { throughput } : {}),
    deleteOnTermination: ebs.flag('DeleteOnTermination') ?? disk?.deleteOnTermination ?? true,
    encrypted,
    ...(kmsKeyId ? { kmsKeyId } : {}),
  };
}

function makeVolumes(ec2: Ec2, instanceId: string, zone: string, disks: DiskMapping[], tags: Tags): string[] {
  return disks.map(({ deviceName, volumeSize, ...disk }) => {
    const volume: VolumeRecord = {
      ...disk,
      id: newId('vol'),
      instanceId,
      deviceName,
      size: volumeSize,
      availabilityZone: zone,
      state: 'in-use',
      created: ec2.context.now().toISOString(),
      tags: { ...tags },
    };
    ec2.state.volumes[volume.id] = volume;
    return volume.id;
  });
}
