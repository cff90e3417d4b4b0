// What EC2 says of instance types, and which zone offers which. The table is in type-table.ts.
import { AwsError } from '../service.ts';
import { applyFilters, page } from './describe.ts';
import { networkOf } from './network.ts';
import type { Xml } from './query.ts';
import { invalid } from './refusals.ts';
import type { Action, Ec2 } from './state.ts';
import { type InstanceType, instanceTypes } from './type-table.ts';

export type { InstanceType } from './type-table.ts';

/** Whether the zone of this place in the Region's row offers the type. */
export function offeredAt({ zones }: InstanceType, at: number): boolean {
  return zones.includes('abcdefghijklmnopqrstuvwxyz'[at] ?? '');
}

export function findInstanceType(name: string): InstanceType | undefined {
  return instanceTypes.find(({ id }) => id === name);
}

export function instanceTypeActions(ec2: Ec2): Record<string, Action> {
  return {
    DescribeInstanceTypes(parameters) {
      const names = parameters.list('InstanceType');
      const unknown = names.filter((name) => !findInstanceType(name));
      if (unknown.length) {
        throw new AwsError(
          400,
          'InvalidInstanceType',
          `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
        );
      }
      const chosen = instanceTypes.filter(({ id }) => !names.length || names.includes(id));
      const shown = page(applyFilters(chosen, parameters, {}, { as: 'instanceType', xml: typeXml }), parameters, {
        least: 5,
        most: 100,
        byId: names.length > 0,
      });
      return { instanceTypeSet: shown.items.map(typeXml), nextToken: shown.nextToken };
    },

    DescribeInstanceTypeOfferings(parameters) {
      const kind = parameters.text('LocationType') ?? 'region';
      const network = networkOf(ec2);
      const locations: Record<string, string[]> = {
        region: [ec2.context.region],
        'availability-zone': network.subnets.map(({ zone }) => zone),
        'availability-zone-id': network.subnets.map(({ zoneId }) => zoneId),
      };
      const places = Object.hasOwn(locations, kind) ? locations[kind] : undefined;
      if (!places) throw invalid(`Invalid value '${kind}' for LocationType`);
      const all = instanceTypes.flatMap((type) =>
        places
          .filter((_, at) => kind === 'region' || offeredAt(type, at))
          .map((location) => ({ id: `${type.id}/${location}`, type: type.id, location })),
      );
      const left = applyFilters(all, parameters, {
        'instance-type': ({ type }) => [type],
        location: ({ location }) => [location],
      });
      const shown = page(left, parameters, { least: 5, most: 1000, byId: false });
      return {
        instanceTypeOfferingSet: shown.items.map(({ type, location }) => ({
          instanceType: type,
          locationType: kind,
          location,
        })),
        nextToken: shown.nextToken,
      };
    },
  };
}

function typeXml(type: InstanceType): Xml {
  const threads = type.nitro && type.cpus > 1 && !type.architectures.includes('arm64') ? 2 : 1;
  return {
    instanceType: type.id,
    currentGeneration: type.current,
    freeTierEligible: type.freeTier,
    supportedUsageClasses: ['on-demand', 'spot'],
    supportedRootDeviceTypes: ['ebs'],
    supportedVirtualizationTypes: type.virtualizationTypes,
    bareMetal: false,
    hypervisor: type.nitro ? 'nitro' : 'xen',
    processorInfo: { supportedArchitectures: type.architectures, sustainedClockSpeedInGhz: 2.5 },
    vCpuInfo: { defaultVCpus: type.cpus, defaultCores: type.cpus / threads, defaultThreadsPerCore: threads },
    memoryInfo: { sizeInMiB: type.memoryMiB },
    instanceStorageSupported: false,
    ebsInfo: {
      ebsOptimizedSupport: type.nitro ? 'default' : 'unsupported',
      encryptionSupport: 'supported',
      nvmeSupport: type.nitro ? 'required' : 'unsupported',
      maximumEbsAttachments: type.attachments.most,
      attachmentLimitType: type.attachments.kind,
    },
    networkInfo: {
      networkPerformance: type.network,
      maximumNetworkInterfaces: type.cpus > 2 ? 4 : 3,
      maximumNetworkCards: 1,
      defaultNetworkCardIndex: 0,
      ipv4AddressesPerInterface: 10,
      ipv6AddressesPerInterface: 10,
      ipv6Supported: true,
      enaSupport: type.ena,
      efaSupported: false,
    },
    placementGroupInfo: { supportedStrategies: ['partition', 'spread'] },
    hibernationSupported: false,
    burstablePerformanceSupported: type.burstable,
    dedicatedHostsSupported: false,
    autoRecoverySupported: true,
    supportedBootModes: type.bootModes,
    nitroEnclavesSupport: 'unsupported',
    nitroTpmSupport: type.bootModes.includes('uefi') && type.nitro ? 'supported' : 'unsupported',
  };
}
