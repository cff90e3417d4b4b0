import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type RequestLaunchTemplateData,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../testing-lab-aws.ts';
import { type CloudLab, instanceOf, register, snapshotOf, startCloudLab, until } from './testing-driving.ts';
import { linuxDisk } from './testing-guest-disks.ts';

let lab: CloudLab;
let ec2: EC2Client;
let image: string;
let subnet: string;
let group: string;

beforeAll(async () => {
  lab = await startCloudLab();
  ec2 = lab.ec2();
  image = await register(ec2, await snapshotOf(lab, linuxDisk()), { Name: 'linux' });
  subnet = (await ec2.send(new DescribeSubnetsCommand({}))).Subnets![0]!.SubnetId!;
  const { SecurityGroups } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-name', Values: ['web-servers'] }] }),
  );
  group = SecurityGroups![0]!.GroupId!;
});
afterAll(async () => lab[Symbol.asyncDispose]());

describe('a launch template', () => {
  test('its versions are shown, and a launch takes what it does not say itself', async () => {
    const { KeyPairs } = await ec2.send(new DescribeKeyPairsCommand({}));
    const data: RequestLaunchTemplateData = {
      ImageId: image,
      InstanceType: 't3.micro',
      KeyName: KeyPairs![0]!.KeyName!,
      UserData: Buffer.from('hello').toString('base64'),
      Monitoring: { Enabled: true },
      MetadataOptions: { HttpTokens: 'required' },
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 9, VolumeType: 'gp3', Encrypted: true } }],
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, Groups: [group], AssociatePublicIpAddress: false }],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'of the template' }] }],
    };
    const create = new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'web',
      VersionDescription: 'first',
      ClientToken: 'once',
      LaunchTemplateData: data,
      TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'team', Value: 'red' }] }],
    });
    const { LaunchTemplate } = await ec2.send(create);
    expect(LaunchTemplate).toMatchObject({
      LaunchTemplateName: 'web',
      DefaultVersionNumber: 1,
      LatestVersionNumber: 1,
    });
    expect(LaunchTemplate!.Tags).toEqual([{ Key: 'team', Value: 'red' }]);
    expect((await ec2.send(create)).LaunchTemplate!.LaunchTemplateId).toBe(LaunchTemplate!.LaunchTemplateId);

    const second = await ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateName: 'web',
        SourceVersion: '1',
        LaunchTemplateData: { InstanceType: 't3.large' },
      }),
    );
    expect(second.LaunchTemplateVersion).toMatchObject({ VersionNumber: 2, DefaultVersion: false });
    const { LaunchTemplateVersions } = await ec2.send(
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: 'web', Versions: ['1', '$Latest'] }),
    );
    const shown = LaunchTemplateVersions!.map(({ LaunchTemplateData }) => LaunchTemplateData!);
    expect(shown[0]).toMatchObject(data);
    expect(shown[1]).toMatchObject({ ...data, InstanceType: 't3.large' });

    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        MinCount: 1,
        MaxCount: 1,
        InstanceType: 't3.medium',
        LaunchTemplate: { LaunchTemplateId: LaunchTemplate!.LaunchTemplateId!, Version: '$Latest' },
        BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 12 } }],
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Extra', Value: 'yes' }] }],
      }),
    );
    expect(Instances![0]).toMatchObject({
      ImageId: image,
      InstanceType: 't3.medium',
      KeyName: data.KeyName,
      SubnetId: subnet,
      SecurityGroups: [{ GroupId: group }],
      MetadataOptions: { HttpTokens: 'required' },
    });
    expect(Object.fromEntries(Instances![0]!.Tags!.map(({ Key, Value }) => [Key, Value]))).toEqual({
      Name: 'of the template',
      Extra: 'yes',
      'aws:ec2launchtemplate:id': LaunchTemplate!.LaunchTemplateId,
      'aws:ec2launchtemplate:version': '2',
    });
    const made = (await lab.aws.control.instances!()) as { userData: string }[];
    expect(made[0]!.userData).toBe(data.UserData);
    const found = await ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'tag:aws:ec2launchtemplate:version', Values: ['2'] }] }),
    );
    expect(found.Reservations).toHaveLength(1);
  });

  test('is checked, found, kept over a restart and deleted', async () => {
    const create = (LaunchTemplateName: string, LaunchTemplateData: RequestLaunchTemplateData = { ImageId: image }) =>
      ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
    await create('kept');
    expect((await failure(create('kept'))).name).toBe('InvalidLaunchTemplateName.AlreadyExistsException');
    expect((await failure(create('a b'))).name).toBe('InvalidLaunchTemplateName.MalformedException');
    const spot = create('spot', { InstanceMarketOptions: { MarketType: 'spot' } });
    expect((await failure(spot)).name).toBe('UnsupportedOperation');
    const run = (LaunchTemplate: { LaunchTemplateName?: string; LaunchTemplateId?: string; Version?: string }) =>
      failure(ec2.send(new RunInstancesCommand({ MinCount: 1, MaxCount: 1, LaunchTemplate })));
    expect((await run({ LaunchTemplateName: 'absent' })).name).toBe('InvalidLaunchTemplateName.NotFoundException');
    expect((await run({ LaunchTemplateId: 'lt-00000000000000000' })).name).toBe('InvalidLaunchTemplateId.NotFound');
    const newer = await run({ LaunchTemplateName: 'kept', Version: '7' });
    expect(newer.name).toBe('InvalidLaunchTemplateId.VersionNotFound');
    await lab.restart();
    ec2 = lab.ec2();
    const all = async () => (await ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates!;
    const Filters = [{ Name: 'launch-template-name', Values: ['kep*'] }];
    expect((await ec2.send(new DescribeLaunchTemplatesCommand({ Filters }))).LaunchTemplates).toHaveLength(1);
    await ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateName: 'kept' }));
    expect((await all()).map(({ LaunchTemplateName }) => LaunchTemplateName)).not.toContain('kept');
  });
});

test('network interfaces come and go with their instances; the VPC has its main route table', async () => {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: image,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: 'network-interface', Tags: [{ Key: 'role', Value: 'front' }] }],
    }),
  );
  const { InstanceId, NetworkInterfaces: cards, PrivateIpAddress } = Instances![0]!;
  const ask = async () =>
    (
      await ec2.send(
        new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [InstanceId!] }] }),
      )
    ).NetworkInterfaces!;
  const [card] = await ask();
  expect(card).toMatchObject({
    NetworkInterfaceId: cards![0]!.NetworkInterfaceId,
    PrivateIpAddress,
    Attachment: { InstanceId, InstanceOwnerId: lab.aws.account },
    TagSet: [{ Key: 'role', Value: 'front' }],
  });
  const absent = ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: ['eni-00000000000000000'] }));
  expect((await failure(absent)).name).toBe('InvalidNetworkInterfaceID.NotFound');
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId!] }));
  await until('it is terminated', async () => (await instanceOf(ec2, InstanceId!)).State!.Name === 'terminated');
  expect(await ask()).toEqual([]);

  const { RouteTables } = await ec2.send(
    new DescribeRouteTablesCommand({ Filters: [{ Name: 'association.main', Values: ['true'] }] }),
  );
  expect(RouteTables).toHaveLength(1);
  expect(RouteTables![0]!.Routes!.map(({ DestinationCidrBlock }) => DestinationCidrBlock)).toEqual([
    '172.31.0.0/16',
    '0.0.0.0/0',
  ]);
});
