// The VPC, subnets and security groups that the lab's account was born with (its key pairs too), and its region.
import { createHash } from 'node:crypto';
import { AwsError } from '../service.ts';
import { applyFilters, page, tagSet } from './describe.ts';
import type { Parameters, Xml } from './query.ts';
import { found } from './refusals.ts';
import type { Action, Ec2, Tags } from './state.ts';

export interface Subnet {
  id: string;
  vpcId: string;
  zone: string;
  zoneId: string;
  cidr: string;
  name: string;
}

export interface Network {
  vpcId: string;
  subnets: Subnet[];
  groups: { id: string; name: string; description: string; vpcId: string; ports: number[] }[];
  keys: { id: string; name: string; fingerprint: string }[];
}

const networks = new Map<string, Network>();

/** The same ids in every start of a lab with this account and region. */
export function networkOf({ context }: Pick<Ec2, 'context'>): Network {
  const seed = `${context.account}/${context.region}`;
  const known = networks.get(seed);
  if (known) return known;
  const id = (prefix: string, name: string) =>
    `${prefix}-0${createHash('sha256').update(`${seed}/${prefix}/${name}`).digest('hex').slice(0, 16)}`;
  const vpcId = id('vpc', 'default');
  const network: Network = {
    vpcId,
    subnets: ['a', 'b', 'c'].map((letter, at) => ({
      id: id('subnet', letter),
      vpcId,
      zone: `${context.region}${letter}`,
      zoneId: `lab1-az${at + 1}`,
      cidr: `172.31.${at * 16}.0/20`,
      name: `default-${letter}`,
    })),
    groups: [
      { id: id('sg', 'default'), name: 'default', description: 'default VPC security group', vpcId, ports: [] },
      {
        id: id('sg', 'web'),
        name: 'web-servers',
        description: 'HTTP and HTTPS from anywhere',
        vpcId,
        ports: [80, 443],
      },
      {
        id: id('sg', 'admin'),
        name: 'admin-access',
        description: 'SSH and RDP from the office',
        vpcId,
        ports: [22, 3389],
      },
    ],
    keys: ['lab-key', 'operations'].map((name) => ({
      id: id('key', name),
      name,
      fingerprint: createHash('sha256').update(`${seed}/${name}`).digest('base64'),
    })),
  };
  networks.set(seed, network);
  return network;
}

export function networkActions(ec2: Ec2): Record<string, Action> {
  const { context } = ec2;
  const network = networkOf(ec2);
  const account = context.account;
  const rule = { least: 5, most: 1000 };
  const tagged = <T extends { id: string; name: string }>(item: T): T & { tags: Tags } => ({
    ...item,
    tags: { Name: item.name, ...ec2.state.fixtureTags[item.id] },
  });
  return {
    DescribeVpcs(parameters) {
      const show = ({ id, tags }: { id: string; tags: Tags }): Xml => ({
        vpcId: id,
        ownerId: account,
        state: 'available',
        cidrBlock: '172.31.0.0/16',
        cidrBlockAssociationSet: [
          {
            associationId: `vpc-cidr-assoc-${id.slice(4)}`,
            cidrBlock: '172.31.0.0/16',
            cidrBlockState: { state: 'associated' },
          },
        ],
        dhcpOptionsId: 'dopt-0123456789abcdef0',
        instanceTenancy: 'default',
        isDefault: true,
        tagSet: tagSet(tags),
      });
      const ids = parameters.list('VpcId');
      for (const id of ids) found('vpc', id, id === network.vpcId ? id : undefined);
      const vpcs = applyFilters(
        [tagged({ id: network.vpcId, name: 'default' })],
        parameters,
        {},
        { as: 'vpc', xml: show },
      );
      const shown = page(vpcs, parameters, { ...rule, byId: ids.length > 0 });
      return {
        vpcSet: shown.items.map(show),
        nextToken: shown.nextToken,
      };
    },

    DescribeSubnets(parameters) {
      const show = (subnet: Subnet & { tags: Tags }): Xml => ({
        subnetId: subnet.id,
        subnetArn: `arn:aws:ec2:${context.region}:${account}:subnet/${subnet.id}`,
        state: 'available',
        ownerId: account,
        vpcId: subnet.vpcId,
        cidrBlock: subnet.cidr,
        availableIpAddressCount: 4091 - addressesUsed(ec2, subnet.id),
        availabilityZone: subnet.zone,
        availabilityZoneId: subnet.zoneId,
        defaultForAz: true,
        mapPublicIpOnLaunch: true,
        assignIpv6AddressOnCreation: false,
        ipv6Native: false,
        tagSet: tagSet(subnet.tags),
      });
      const ids = parameters.list('SubnetId');
      const subnets = network.subnets.map(tagged);
      for (const id of ids)
        found(
          'subnet',
          id,
          subnets.find((subnet) => subnet.id === id),
        );
      const left = applyFilters(subnets, parameters, {}, { as: 'subnet', xml: show }).filter(
        ({ id }) => !ids.length || ids.includes(id),
      );
      const shown = page(left, parameters, { ...rule, byId: ids.length > 0 });
      return {
        subnetSet: shown.items.map(show),
        nextToken: shown.nextToken,
      };
    },

    DescribeSecurityGroups(parameters) {
      const show = (group: Network['groups'][number] & { tags: Tags }): Xml => ({
        ownerId: account,
        groupId: group.id,
        securityGroupArn: `arn:aws:ec2:${context.region}:${account}:security-group/${group.id}`,
        groupName: group.name,
        groupDescription: group.description,
        vpcId: group.vpcId,
        ipPermissions: group.ports.map((port) => ({
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
          groups: [],
          ipRanges: [{ cidrIp: '0.0.0.0/0' }],
          ipv6Ranges: [],
          prefixListIds: [],
        })),
        ipPermissionsEgress: [
          { ipProtocol: '-1', groups: [], ipRanges: [{ cidrIp: '0.0.0.0/0' }], ipv6Ranges: [], prefixListIds: [] },
        ],
        tagSet: tagSet(group.tags),
      });
      const ids = parameters.list('GroupId');
      const names = parameters.list('GroupName');
      const groups = network.groups.map(tagged);
      for (const id of ids)
        found(
          'group',
          id,
          groups.find((group) => group.id === id),
        );
      for (const name of names) groupByName(network, name);
      const left = applyFilters(groups, parameters, {}, { as: 'securityGroup', xml: show }).filter(
        ({ id, name }) => (!ids.length && !names.length) || ids.includes(id) || names.includes(name),
      );
      const shown = page(left, parameters, { ...rule, byId: ids.length > 0 });
      return {
        securityGroupInfo: shown.items.map(show),
        nextToken: shown.nextToken,
      };
    },

    DescribeRegions: (parameters) => ({ regionInfo: regions(context.region, parameters) }),

    DescribeAvailabilityZones(parameters) {
      const show = ({ zone, zoneId }: Subnet): Xml => ({
        optInStatus: 'opt-in-not-required',
        messageSet: [],
        regionName: context.region,
        zoneName: zone,
        zoneId,
        groupName: context.region,
        networkBorderGroup: context.region,
        zoneType: 'availability-zone',
        zoneState: 'available',
      });
      const names = [...parameters.list('ZoneName'), ...parameters.list('ZoneId')];
      const left = applyFilters(network.subnets, parameters, {}, { as: 'zone', xml: show }).filter(
        ({ zone, zoneId }) => !names.length || names.includes(zone) || names.includes(zoneId),
      );
      return {
        availabilityZoneInfo: left.map(show),
      };
    },
  };
}

function regions(region: string, parameters: Parameters): Xml[] {
  const names = parameters.list('RegionName');
  const unknown = names.find((name) => name !== region);
  if (unknown) throw new AwsError(400, 'InvalidParameterValue', `Invalid region provided: ${unknown}`);
  const show = ({ id }: { id: string }): Xml => ({
    regionName: id,
    regionEndpoint: `ec2.${id}.amazonaws.com`,
    optInStatus: 'opt-in-not-required',
  });
  return applyFilters([{ id: region }], parameters, {}, { as: 'region', xml: show }).map(show);
}

/** A security group by its name in the default VPC. */
export function groupByName(network: Network, name: string): Network['groups'][number] {
  const group = network.groups.find((other) => other.name === name);
  if (!group) throw new AwsError(400, 'InvalidGroup.NotFound', `The security group '${name}' does not exist`);
  return group;
}

function addressesUsed({ state }: Ec2, subnetId: string): number {
  return Object.values(state.instances).filter((one) => one.subnetId === subnetId && one.state !== 'terminated').length;
}
