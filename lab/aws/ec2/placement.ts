// Where an instance is put: subnet, zone, security groups and addresses.
import { randomInt } from 'node:crypto';
import { AwsError } from '../service.ts';
import { type InstanceType, offeredAt } from './instance-types.ts';
import { groupByName, type Network, type Subnet } from './network.ts';
import type { Parameters } from './query.ts';
import { found, invalid } from './refusals.ts';
import type { Ec2 } from './state.ts';

export interface Place {
  subnet: Subnet;
  groups: { id: string; name: string }[];
  /** Asked for; of the subnet. */
  privateAddress?: string;
  publicAddress: boolean;
  description: string;
}

/** Subnet, groups and addresses, of the request or of its one network interface. */
export function choosePlace(network: Network, parameters: Parameters): Place {
  const [card, other] = parameters.structures('NetworkInterface');
  if (other)
    throw new AwsError(400, 'UnsupportedOperation', 'This is a lab: its instances have one network interface.');
  const topSubnet = parameters.text('SubnetId');
  const topGroups = [...parameters.list('SecurityGroupId'), ...parameters.list('SecurityGroup')];
  const topAddress = parameters.text('PrivateIpAddress');
  if (card && (topSubnet || topGroups.length || topAddress)) {
    throw new AwsError(
      400,
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request',
    );
  }
  const subnetId = topSubnet ?? card?.text('SubnetId');
  const zone = parameters.structure('Placement')?.text('AvailabilityZone');
  const inZone = network.subnets.find((subnet) => !zone || subnet.zone === zone);
  if (!inZone) throw invalid(`Invalid availability zone: [${zone}]`);
  const named = subnetId ? network.subnets.find(({ id }) => id === subnetId) : undefined;
  const subnet = subnetId ? found('subnet', subnetId, named) : inZone;
  const ids = card ? card.list('SecurityGroupId') : parameters.list('SecurityGroupId');
  const groups = ids.map((id) =>
    found(
      'group',
      id,
      network.groups.find((group) => group.id === id),
    ),
  );
  for (const name of card ? [] : parameters.list('SecurityGroup')) groups.push(groupByName(network, name));
  if (!groups.length) groups.push(groupByName(network, 'default'));
  const privateAddress = topAddress ?? card?.text('PrivateIpAddress');
  return {
    subnet,
    groups: groups.map(({ id, name }) => ({ id, name })),
    ...(privateAddress === undefined ? {} : { privateAddress }),
    // A default subnet gives public addresses to whoever does not refuse them.
    publicAddress: card?.flag('AssociatePublicIpAddress') ?? true,
    description: card?.text('Description') ?? '',
  };
}

/** Not every zone has every type. */
export function checkOffered(network: Network, { zone }: Subnet, type: InstanceType): void {
  const offering = network.subnets.filter((_, at) => offeredAt(type, at)).map((one) => one.zone);
  if (offering.includes(zone)) return;
  throw new AwsError(
    400,
    'Unsupported',
    `Your requested instance type (${type.id}) is not supported in your requested Availability Zone (${zone}). ` +
      `Please retry your request by not specifying an Availability Zone or choosing ${offering.join(', ')}.`,
  );
}

/** A private address for each of so many instances: the one that was asked for, or free ones. AWS keeps a subnet's first four and its last. */
export function addressesFor({ state }: Ec2, { subnet, privateAddress }: Place, count: number): string[] {
  const live = Object.values(state.instances).filter(({ state: now }) => now !== 'terminated');
  const used = new Set(live.map(({ privateIp }) => privateIp));
  const [first, size] = rangeOf(subnet);
  if (privateAddress !== undefined) {
    const at = numberOf(privateAddress);
    if (at === undefined) throw invalid(`invalid value for parameter address: ${privateAddress}`);
    if (at < first || at >= first + size) {
      throw invalid(`Address ${privateAddress} does not fall within the subnet's address range`);
    }
    if (at < first + 4 || at === first + size - 1) {
      throw invalid(`Address ${privateAddress} is in subnet's reserved address range`);
    }
    if (count > 1) {
      throw new AwsError(
        400,
        'InvalidParameterCombination',
        'A private IP address may not be specified when launching more than one instance',
      );
    }
    if (used.has(privateAddress)) {
      throw new AwsError(400, 'InvalidIPAddress.InUse', `Address ${privateAddress} is in use.`);
    }
    return [privateAddress];
  }
  return Array.from({ length: count }, () => {
    let at = first + randomInt(4, size - 1);
    while (used.has(textOf(at))) at = at + 1 < first + size - 1 ? at + 1 : first + 4;
    used.add(textOf(at));
    return textOf(at);
  });
}

/** The blocks that are kept for documentation (RFC 5737). */
const PUBLIC_BLOCKS = ['203.0.113', '198.51.100', '192.0.2'];

/** So many public addresses that no live instance of this account and Region has; the lab has 762 of them, and no more instances than that can have one. */
export function publicAddresses({ state }: Ec2, count: number): string[] {
  const live = Object.values(state.instances).filter(({ state: now }) => now === 'pending' || now === 'running');
  const used = new Set(live.map(({ publicIp }) => publicIp));
  const all = PUBLIC_BLOCKS.flatMap((block) => Array.from({ length: 254 }, (_, at) => `${block}.${at + 1}`));
  const free = all.filter((address) => !used.has(address));
  if (free.length < count) {
    throw new AwsError(400, 'InsufficientFreeAddressesInSubnet', 'There are not enough free public addresses.');
  }
  const ofFirstBlock = free.filter((address) => address.startsWith(PUBLIC_BLOCKS[0] ?? '')).length;
  const from = randomInt(ofFirstBlock || free.length);
  return Array.from({ length: count }, (_, at) => free[(from + at) % free.length] ?? '');
}

function rangeOf({ cidr }: Subnet): [first: number, size: number] {
  const [address = '', bits] = cidr.split('/');
  return [numberOf(address) ?? 0, 2 ** (32 - Number(bits))];
}

function numberOf(address: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}
