// EC2 instances: launched from our AMIs, watched, terminated; and what a launch may choose from. Made by open-target.ts.
import type { Image, Instance, InstanceStatus, InstanceTypeInfo, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { type FaultCode, FaultError, faultError } from '../../model/fault.ts';
import { VOLUME_TYPES } from '../../model/volume.ts';
import type { AwsClients } from './clients.ts';
import { batches, clientToken, tagged } from './ec2-names.ts';
import { awsSignature, hasAwsCode } from './faults.ts';
import { createNetworks } from './networks.ts';
import type { InstanceState, Instances, InstanceTypeChoice, LaunchableImage, LaunchInput } from './target.ts';

const INSTANCE_BATCH = 100;
const USER_DATA_BYTES = 16 * 1024;
/** A Region's instance types change every few weeks; asking takes 8 calls. */
const TYPES_KEPT_MS = 60 * 60_000;
/** Refusals of a dry run that tell about the launch; anything else tells about us or the network. */
const REHEARSED: readonly FaultCode[] = ['launch-refused', 'aws-limit', 'aws-access-denied'];

export function createInstances(clients: AwsClients): Instances {
  let types: { at: number; choices: InstanceTypeChoice[] } | undefined;

  return {
    async launch(input, signal) {
      const request = toRequest(input);
      const answer = await clients.ec2(
        'ec2:RunInstances',
        signal,
        (ec2, http) => ec2.runInstances({ ...request, ClientToken: clientToken(input.token) }, http),
        { refused: 'launch-refused' },
      );
      const instanceId = answer.Instances?.[0]?.InstanceId;
      if (!instanceId) throw faultError('launch-refused', { cause: 'AWS gave no instance id.' });
      return instanceId;
    },

    async rehearse(input, signal) {
      const request = toRequest(input);
      try {
        await clients.ec2(
          'ec2:RunInstances',
          signal,
          (ec2, http) => ec2.runInstances({ ...request, DryRun: true }, http),
          { refused: 'launch-refused' },
        );
      } catch (error) {
        if (hasAwsCode(error, /^DryRunOperation$/)) return null;
        if (!(error instanceof FaultError) || !REHEARSED.includes(error.fault.code)) throw error;
        const { code, message } = awsSignature(error.cause);
        return `${code}: ${message}`;
      }
      throw faultError('aws-fault', { message: 'AWS did not say what it thinks of the launch.' });
    },

    async describe(instanceIds, signal) {
      const found = new Map<string, InstanceState>();
      for (const Values of batches([...new Set(instanceIds)], INSTANCE_BATCH)) {
        // As a filter, because one unknown InstanceId would fail the whole call.
        const answer = await clients.ec2('ec2:DescribeInstances', signal, (ec2, http) =>
          ec2.describeInstances({ Filters: [{ Name: 'instance-id', Values }] }, http),
        );
        const instances = (answer.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
        const statuses = await describeStatuses(clients, instances, signal);
        for (const instance of instances) {
          const id = instance.InstanceId ?? '';
          found.set(id, toState(instance, statuses.get(id)));
        }
      }
      return found;
    },

    async terminate(instanceId, signal) {
      try {
        await clients.ec2('ec2:TerminateInstances', signal, (ec2, http) =>
          ec2.terminateInstances({ InstanceIds: [instanceId] }, http),
        );
      } catch (error) {
        if (!hasAwsCode(error, /^InvalidInstanceID\.NotFound$/)) throw error;
      }
    },

    async stop(instanceId, signal) {
      try {
        await clients.ec2('ec2:StopInstances', signal, (ec2, http) =>
          ec2.stopInstances({ InstanceIds: [instanceId] }, http),
        );
      } catch (error) {
        if (hasAwsCode(error, /^InvalidInstanceID\.NotFound$/)) return;
        // Both an instance that ends and one that begins are refused so, and only the first is as good as stopped.
        if (!hasAwsCode(error, /^IncorrectInstanceState$/) || !(await isEnding(clients, instanceId, signal)))
          throw error;
      }
    },

    async consoleOutput(instanceId, signal) {
      const ask = (Latest: boolean) =>
        clients.ec2('ec2:GetConsoleOutput', signal, (ec2, http) =>
          ec2.getConsoleOutput({ InstanceId: instanceId, ...(Latest && { Latest }) }, http),
        );
      // Only Nitro types give the latest output; the others give what they wrote down at boot.
      const answer = await ask(true).catch((error) => {
        if (hasAwsCode(error, /^(UnsupportedOperation|UnsupportedInstanceType|InvalidParameterCombination)/)) {
          return ask(false);
        }
        throw error;
      });
      const text = Buffer.from(answer.Output ?? '', 'base64').toString('utf8');
      return { text, at: answer.Timestamp?.toISOString() ?? null };
    },

    async types(signal) {
      if (types && performance.now() - types.at < TYPES_KEPT_MS) return types.choices;
      const choices: InstanceTypeChoice[] = [];
      const Filters = [
        { Name: 'processor-info.supported-architecture', Values: ['x86_64'] },
        { Name: 'supported-virtualization-type', Values: ['hvm'] },
        { Name: 'bare-metal', Values: ['false'] },
      ];
      const offered = await offeringsByType(clients, signal);
      for (let token: string | undefined, first = true; first || token; first = false) {
        const page = await clients.ec2('ec2:DescribeInstanceTypes', signal, (ec2, http) =>
          ec2.describeInstanceTypes({ Filters, MaxResults: 100, ...(token && { NextToken: token }) }, http),
        );
        choices.push(...(page.InstanceTypes ?? []).map((info) => toChoice(info, offered)));
        token = page.NextToken;
      }
      types = { at: performance.now(), choices };
      return choices;
    },

    networks: createNetworks(clients),

    async image(imageId, signal) {
      const answer = await clients
        .ec2('ec2:DescribeImages', signal, (ec2, http) => ec2.describeImages({ ImageIds: [imageId] }, http))
        .catch((error) => {
          if (hasAwsCode(error, /^InvalidAMIID/)) return null;
          throw error;
        });
      const image = answer?.Images?.[0];
      if (!image) throw faultError('not-found', { message: `There is no AMI ${imageId} in this Region any more.` });
      return toLaunchable(image);
    },
  };
}

async function isEnding(clients: AwsClients, instanceId: string, signal: AbortSignal): Promise<boolean> {
  const Filters = [{ Name: 'instance-id', Values: [instanceId] }];
  const answer = await clients.ec2('ec2:DescribeInstances', signal, (ec2, http) =>
    ec2.describeInstances({ Filters }, http),
  );
  const state = answer.Reservations?.[0]?.Instances?.[0]?.State?.Name ?? 'terminated';
  return state === 'terminated' || state === 'shutting-down' || state === 'stopped' || state === 'stopping';
}

function toRequest(input: LaunchInput): RunInstancesCommandInput {
  const userData = input.userData ?? '';
  if (Buffer.byteLength(userData) > USER_DATA_BYTES) {
    throw faultError('input-invalid', { message: 'The user data is longer than 16 KiB.' });
  }
  const network =
    input.publicAddress === null
      ? { SubnetId: input.subnetId, SecurityGroupIds: input.securityGroupIds }
      : {
          // Only here can the subnet's own rule be overruled; then subnet and groups must stand here too.
          NetworkInterfaces: [
            {
              DeviceIndex: 0,
              SubnetId: input.subnetId,
              Groups: input.securityGroupIds,
              AssociatePublicIpAddress: input.publicAddress,
            },
          ],
        };
  return {
    ImageId: input.imageId,
    InstanceType: input.instanceType as RunInstancesCommandInput['InstanceType'],
    MinCount: 1,
    MaxCount: 1,
    ...network,
    ...(input.keyName && { KeyName: input.keyName }),
    ...(input.instanceProfile && { IamInstanceProfile: { Name: input.instanceProfile } }),
    ...(userData && { UserData: Buffer.from(userData).toString('base64') }),
    ...(input.volumes.length > 0 && {
      BlockDeviceMappings: input.volumes.map((volume) => ({
        DeviceName: volume.device,
        Ebs: {
          VolumeType: volume.type,
          VolumeSize: volume.sizeGiB,
          DeleteOnTermination: volume.deleteOnTermination,
          ...(volume.iops !== null && { Iops: volume.iops }),
        },
      })),
    }),
    ...tagged(['instance', 'volume', 'network-interface'], input.tags),
  };
}

/** Status checks of those that can have any; an instance that went in between is left out. */
async function describeStatuses(
  clients: AwsClients,
  instances: readonly Instance[],
  signal: AbortSignal,
): Promise<Map<string, InstanceStatus>> {
  const InstanceIds = instances.filter((one) => one.State?.Name === 'running').flatMap((one) => one.InstanceId ?? []);
  if (InstanceIds.length === 0) return new Map();
  const answer = await clients
    .ec2('ec2:DescribeInstanceStatus', signal, (ec2, http) => ec2.describeInstanceStatus({ InstanceIds }, http))
    .catch((error) => {
      if (hasAwsCode(error, /^InvalidInstanceID/)) return null;
      throw error;
    });
  return new Map((answer?.InstanceStatuses ?? []).map((status) => [status.InstanceId ?? '', status]));
}

function toState(instance: Instance, status: InstanceStatus | undefined): InstanceState {
  return {
    instanceId: instance.InstanceId ?? '',
    imageId: instance.ImageId ?? '',
    state: (instance.State?.Name ?? 'pending') as InstanceState['state'],
    stateReason: instance.StateReason?.Message ?? (instance.StateTransitionReason || null),
    instanceType: instance.InstanceType ?? '',
    privateAddress: instance.PrivateIpAddress ?? null,
    publicAddress: instance.PublicIpAddress || null,
    launchedAt: instance.LaunchTime?.toISOString() ?? null,
    systemStatus: status?.SystemStatus?.Status ?? null,
    instanceStatus: status?.InstanceStatus?.Status ?? null,
  };
}

/** The zones of each type; null for an identity that may not ask, which policies of an earlier Landfall do not allow. */
async function offeringsByType(clients: AwsClients, signal: AbortSignal): Promise<Map<string, string[]> | null> {
  const found = new Map<string, string[]>();
  const LocationType = 'availability-zone' as const;
  try {
    for (let token: string | undefined, first = true; first || token; first = false) {
      const page = await clients.ec2('ec2:DescribeInstanceTypeOfferings', signal, (ec2, http) =>
        ec2.describeInstanceTypeOfferings({ LocationType, MaxResults: 1000, ...(token && { NextToken: token }) }, http),
      );
      for (const { InstanceType, Location } of page.InstanceTypeOfferings ?? []) {
        if (InstanceType && Location) found.set(InstanceType, [...(found.get(InstanceType) ?? []), Location].sort());
      }
      token = page.NextToken;
    }
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'aws-access-denied') return null;
    throw error;
  }
  return found;
}

function toChoice(info: InstanceTypeInfo, offered: Map<string, string[]> | null): InstanceTypeChoice {
  const name = info.InstanceType ?? '';
  return {
    name,
    vcpus: info.VCpuInfo?.DefaultVCpus ?? 0,
    memoryMiB: Number(info.MemoryInfo?.SizeInMiB ?? 0),
    architectures: info.ProcessorInfo?.SupportedArchitectures ?? [],
    bootModes: info.SupportedBootModes ?? [],
    ena: info.NetworkInfo?.EnaSupport ?? 'unsupported',
    nitro: info.Hypervisor === 'nitro',
    current: info.CurrentGeneration ?? false,
    volumes: volumesOf(info),
    zones: offered ? (offered.get(name) ?? []) : null,
  };
}

/** Where volumes and network interfaces share one limit, one place is the interface's. */
function volumesOf({ EbsInfo }: InstanceTypeInfo): number | null {
  const most = EbsInfo?.MaximumEbsAttachments;
  if (most === undefined) return null;
  return EbsInfo?.AttachmentLimitType === 'dedicated' ? most : most - 1;
}

function toLaunchable(image: Image): LaunchableImage {
  return {
    architecture: image.Architecture === 'arm64' || image.Architecture === 'i386' ? image.Architecture : 'x86_64',
    bootMode: image.BootMode ?? null,
    ena: image.EnaSupport ?? false,
    windows: image.Platform?.toLowerCase() === 'windows',
    volumes: (image.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs }) =>
      DeviceName && Ebs
        ? [
            {
              device: DeviceName,
              snapshotId: Ebs.SnapshotId ?? null,
              sizeGiB: Ebs.VolumeSize ?? 0,
              type: VOLUME_TYPES.find((type) => type === Ebs.VolumeType) ?? 'gp3',
              iops: Ebs.Iops ?? null,
              deleteOnTermination: Ebs.DeleteOnTermination ?? true,
              isRoot: DeviceName === image.RootDeviceName,
            },
          ]
        : [],
    ),
  };
}
