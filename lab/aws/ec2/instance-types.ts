// The instance types that the lab offers, with what decides whether an AMI can start on them. For lab/aws/ec2 only.
import { AwsError } from '../service.ts';
import { applyFilters, type FilterTable, page } from './describe.ts';
import { networkOf } from './network.ts';
import type { Xml } from './query.ts';
import { invalid } from './refusals.ts';
import type { Action, Ec2 } from './state.ts';

export interface InstanceType {
  /** The name, as `id` for paging. */
  id: string;
  cpus: number;
  memoryMiB: number;
  architectures: string[];
  nitro: boolean;
  ena: 'required' | 'unsupported';
  bootModes: string[];
  virtualizationTypes: string[];
  burstable: boolean;
  network: string;
  freeTier: boolean;
  current: boolean;
}

const nitroX86 = {
  nitro: true,
  ena: 'required',
  architectures: ['x86_64'],
  bootModes: ['legacy-bios', 'uefi'],
  virtualizationTypes: ['hvm'],
  burstable: false,
  freeTier: false,
  current: true,
} as const;

type Rest = Partial<Pick<InstanceType, 'architectures' | 'burstable' | 'freeTier' | 'bootModes'>>;

function nitro(id: string, cpus: number, gib: number, network: string, rest: Rest = {}): InstanceType {
  const { architectures, bootModes, virtualizationTypes, ...common } = nitroX86;
  return {
    id,
    cpus,
    memoryMiB: gib * 1024,
    network,
    architectures: [...architectures],
    bootModes: [...bootModes],
    virtualizationTypes: [...virtualizationTypes],
    ...common,
    ...rest,
  };
}

function xen(id: string, cpus: number, gib: number, network: string, architectures: string[]): InstanceType {
  const base = nitro(id, cpus, gib, network, { architectures, burstable: true, bootModes: ['legacy-bios'] });
  return { ...base, nitro: false, ena: 'unsupported', freeTier: id === 't2.micro' };
}

const burstable = { burstable: true };
const arm = { architectures: ['arm64'], bootModes: ['uefi'] };
const five = 'Up to 5 Gigabit';
const ten = 'Up to 10 Gigabit';
const twelve = 'Up to 12.5 Gigabit';

export const instanceTypes: readonly InstanceType[] = [
  xen('t2.nano', 1, 0.5, 'Low to Moderate', ['i386', 'x86_64']),
  xen('t2.micro', 1, 1, 'Low to Moderate', ['i386', 'x86_64']),
  xen('t2.small', 1, 2, 'Low to Moderate', ['i386', 'x86_64']),
  xen('t2.medium', 2, 4, 'Low to Moderate', ['i386', 'x86_64']),
  xen('t2.large', 2, 8, 'Low to Moderate', ['x86_64']),
  nitro('t3.nano', 2, 0.5, five, burstable),
  nitro('t3.micro', 2, 1, five, { ...burstable, freeTier: true }),
  nitro('t3.small', 2, 2, five, burstable),
  nitro('t3.medium', 2, 4, five, burstable),
  nitro('t3.large', 2, 8, five, burstable),
  nitro('t3.xlarge', 4, 16, five, burstable),
  nitro('t3.2xlarge', 8, 32, five, burstable),
  nitro('t3a.micro', 2, 1, five, { ...burstable, bootModes: ['legacy-bios', 'uefi'] }),
  nitro('t3a.small', 2, 2, five, burstable),
  nitro('t3a.medium', 2, 4, five, burstable),
  nitro('t3a.large', 2, 8, five, burstable),
  nitro('t4g.micro', 2, 1, five, { ...burstable, ...arm }),
  nitro('t4g.medium', 2, 4, five, { ...burstable, ...arm }),
  nitro('m5.large', 2, 8, ten),
  nitro('m5.xlarge', 4, 16, ten),
  nitro('m5.2xlarge', 8, 32, ten),
  nitro('m6i.large', 2, 8, twelve),
  nitro('m6i.xlarge', 4, 16, twelve),
  nitro('m6i.2xlarge', 8, 32, twelve),
  nitro('m6i.4xlarge', 16, 64, twelve),
  nitro('m6g.large', 2, 8, ten, arm),
  nitro('c6i.large', 2, 4, twelve),
  nitro('c6i.xlarge', 4, 8, twelve),
  nitro('c6i.2xlarge', 8, 16, twelve),
  nitro('r6i.large', 2, 16, twelve),
  nitro('r6i.xlarge', 4, 32, twelve),
  nitro('r6i.2xlarge', 8, 64, twelve),
];

export function findInstanceType(name: string): InstanceType | undefined {
  return instanceTypes.find(({ id }) => id === name);
}

const filters: FilterTable<InstanceType> = {
  'instance-type': ({ id }) => [id],
  'current-generation': ({ current }) => [current],
  'free-tier-eligible': ({ freeTier }) => [freeTier],
  'burstable-performance-supported': ({ burstable: is }) => [is],
  'bare-metal': () => [false],
  hypervisor: ({ nitro: is }) => [is ? 'nitro' : 'xen'],
  'processor-info.supported-architecture': ({ architectures }) => architectures,
  'supported-boot-mode': ({ bootModes }) => bootModes,
  'supported-virtualization-type': ({ virtualizationTypes }) => virtualizationTypes,
  'supported-root-device-type': () => ['ebs'],
  'supported-usage-class': () => ['on-demand', 'spot'],
  'network-info.ena-support': ({ ena }) => [ena],
  'vcpu-info.default-vcpus': ({ cpus }) => [cpus],
  'memory-info.size-in-mib': ({ memoryMiB }) => [memoryMiB],
};

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
      const shown = page(applyFilters(chosen, parameters, filters), parameters, {
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
      const all = instanceTypes.flatMap(({ id }) =>
        places.map((location) => ({ id: `${id}/${location}`, type: id, location })),
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
