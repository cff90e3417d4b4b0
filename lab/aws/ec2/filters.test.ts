import {
  DescribeAvailabilityZonesCommand,
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeKeyPairsCommand,
  DescribeRegionsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Filter,
  type Instance,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure } from '../testing-lab-aws.ts';
import { type CloudLab, instanceOf, register, snapshotOf, startCloudLab, until } from './testing-driving.ts';
import { linuxDisk } from './testing-guest-disks.ts';

let lab: CloudLab;
let ec2: EC2Client;
let instance: Instance;

beforeAll(async () => {
  lab = await startCloudLab();
  ec2 = lab.ec2();
  const ImageId = await register(ec2, await snapshotOf(lab, linuxDisk()), { Description: 'odd [*] name' });
  const TagSpecifications = [{ ResourceType: 'instance', Tags: [{ Key: 'Team', Value: 'red' }] }] as const;
  const request = { ImageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, KeyName: 'operations' } as const;
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ...request,
      TagSpecifications: [{ ...TagSpecifications[0], Tags: [...TagSpecifications[0].Tags] }],
    }),
  );
  await ec2.send(new RunInstancesCommand({ ...request, InstanceType: 't3.large', Monitoring: { Enabled: true } }));
  instance = await until('it runs', async () => {
    const one = await instanceOf(ec2, Instances![0]!.InstanceId!);
    return one.State!.Name === 'running' && one;
  });
});
afterAll(async () => lab[Symbol.asyncDispose]());

const one = (Name: string, ...Values: string[]): { Filters: Filter[] } => ({ Filters: [{ Name, Values }] });

async function instances(Name: string, ...Values: string[]): Promise<string[]> {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand(one(Name, ...Values)));
  return Reservations!.flatMap(({ Instances }) => Instances!.map(({ InstanceType }) => InstanceType!)).sort();
}

test('instances are found by what is shown of them, at any depth', async () => {
  const card = instance.NetworkInterfaces![0]!;
  for (const [name, value] of [
    ['private-dns-name', instance.PrivateDnsName!],
    ['ip-address', instance.PublicIpAddress!],
    ['network-interface.addresses.private-ip-address', instance.PrivateIpAddress!],
    ['network-interface.mac-address', card.MacAddress!],
    ['network-interface.attachment.attachment-id', card.Attachment!.AttachmentId!],
    ['network-interface.association.public-ip', instance.PublicIpAddress!],
    ['block-device-mapping.volume-id', instance.BlockDeviceMappings![0]!.Ebs!.VolumeId!],
    ['monitoring-state', 'disabled'],
    ['instance-type', 't3.m?c*'],
    ['tag:Team', 'r?d'],
  ] as const) {
    expect({ name, found: await instances(name, value) }).toEqual({ name, found: ['t3.micro'] });
  }
  expect(await instances('metadata-options.http-tokens', 'optional')).toEqual(['t3.large', 't3.micro']);
  expect(await instances('spot-instance-request-id', '*')).toEqual([]);
  expect(await instances('instance-type', 't3.large', 't3.micro')).toHaveLength(2);
  for (const name of ['colour', 'Instance-Type', 'network-interface']) {
    expect(await failure(instances(name, 'x'))).toMatchObject({
      name: 'InvalidParameterValue',
      message: `The filter '${name}' is invalid`,
    });
  }
});

test('a backslash takes a wildcard as it is', async () => {
  const named = async (value: string) =>
    (await ec2.send(new DescribeImagesCommand(one('description', value)))).Images!.length;
  expect(await named('odd [\\*] name')).toBe(1);
  expect(await named('odd [\\?] name')).toBe(0);
  expect(await named('odd [?] name')).toBe(1);
  expect(await named('Odd*')).toBe(0);
});

test('the other resources are found likewise', async () => {
  const { Images } = await ec2.send(
    new DescribeImagesCommand(one('block-device-mapping.volume-type', 'standard', 'gp*')),
  );
  expect(Images).toHaveLength(1);
  expect((await ec2.send(new DescribeSnapshotsCommand(one('owner-id', lab.aws.account)))).Snapshots).toHaveLength(1);
  const volumes = await ec2.send(new DescribeVolumesCommand(one('attachment.delete-on-termination', 'true')));
  expect(volumes.Volumes).toHaveLength(2);
  const subnets = await ec2.send(new DescribeSubnetsCommand(one('available-ip-address-count', '4091')));
  expect(subnets.Subnets).toHaveLength(2);
  const vpcs = await ec2.send(new DescribeVpcsCommand(one('cidr-block-association.cidr-block', '172.31.*')));
  expect(vpcs.Vpcs).toHaveLength(1);
  const groups = await ec2.send(new DescribeSecurityGroupsCommand(one('ip-permission.from-port', '22')));
  expect(groups.SecurityGroups!.map(({ GroupName }) => GroupName)).toEqual(['admin-access']);
  const open = await ec2.send(new DescribeSecurityGroupsCommand(one('egress.ip-permission.cidr', '0.0.0.0/0')));
  expect(open.SecurityGroups).toHaveLength(3);
  const keys = await ec2.send(new DescribeKeyPairsCommand(one('key-name', 'oper*')));
  expect(keys.KeyPairs).toHaveLength(1);
  const types = await ec2.send(new DescribeInstanceTypesCommand(one('ebs-info.nvme-support', 'unsupported')));
  expect(types.InstanceTypes!.length).toBeGreaterThan(0);
  expect(types.InstanceTypes!.every(({ Hypervisor }) => Hypervisor === 'xen')).toBe(true);
  const zones = await ec2.send(new DescribeAvailabilityZonesCommand(one('group-name', lab.aws.region)));
  expect(zones.AvailabilityZones).toHaveLength(3);
  expect((await ec2.send(new DescribeRegionsCommand(one('endpoint', 'ec2.nowhere*')))).Regions).toEqual([]);
  const tags = await ec2.send(new DescribeTagsCommand(one('tag:Team', 'red')));
  expect(tags.Tags).toMatchObject([{ ResourceId: instance.InstanceId }]);
  const status = one('system-status.status', 'initializing', 'ok', 'impaired');
  const { InstanceStatuses } = await ec2.send(new DescribeInstanceStatusCommand(status));
  expect(InstanceStatuses!.length).toBeGreaterThan(0);
});
