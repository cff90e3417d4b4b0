import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  type EC2Client,
  GetConsoleOutputCommand,
  ImportImageCommand,
  paginateDescribeInstanceTypes,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../testing-lab-aws.ts';
import { type CloudLab, imageTask, instanceOf, register, snapshotOf, startCloudLab, until } from './testing-driving.ts';
import { linuxDisk, windowsDisk } from './testing-guest-disks.ts';

let lab: CloudLab;
let ec2: EC2Client;
let linux: string;
let linuxImage: string;

beforeAll(async () => {
  lab = await startCloudLab();
  ec2 = lab.ec2();
  linux = await snapshotOf(lab, linuxDisk());
  linuxImage = await register(ec2, linux, { Name: 'linux' });
});
afterAll(async () => lab[Symbol.asyncDispose]());

function launch(input: Partial<RunInstancesCommandInput> = {}) {
  return ec2.send(
    new RunInstancesCommand({ ImageId: linuxImage, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, ...input }),
  );
}

async function reaches(id: string, state: string) {
  return until(`the instance is ${state}`, async () => {
    const instance = await instanceOf(ec2, id);
    return instance.State!.Name === state && instance;
  });
}

async function consoleOf(id: string): Promise<string> {
  const { Output, Timestamp } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
  expect(Timestamp).toBeInstanceOf(Date);
  return Buffer.from(Output!, 'base64').toString();
}

test('no two of many instances that are launched at once share an address', async () => {
  const launches = await Promise.all(
    Array.from({ length: 3 }, async () => (await launch({ MinCount: 20, MaxCount: 20 })).Instances!),
  );
  const instances = launches.flat();
  expect(new Set(instances.map(({ PublicIpAddress }) => PublicIpAddress)).size).toBe(60);
  expect(new Set(instances.map(({ PrivateIpAddress }) => PrivateIpAddress)).size).toBe(60);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: instances.map(({ InstanceId }) => InstanceId!) }));
});

describe('an instance', () => {
  test('goes through its states, and the simulated one says that it is', async () => {
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({}));
    const { KeyPairs } = await ec2.send(new DescribeKeyPairsCommand({}));
    const started = await launch({
      SubnetId: Subnets![1]!.SubnetId,
      SecurityGroupIds: [SecurityGroups![0]!.GroupId!],
      KeyName: KeyPairs![0]!.KeyName,
      UserData: Buffer.from('#!/bin/sh\n').toString('base64'),
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 20, VolumeType: 'gp3', Encrypted: true } }],
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'web' }] },
        { ResourceType: 'volume', Tags: [{ Key: 'Name', Value: 'web root' }] },
      ],
    });
    expect(started.Instances![0]).toMatchObject({ State: { Code: 0, Name: 'pending' }, InstanceType: 't3.micro' });
    const id = started.Instances![0]!.InstanceId!;
    const running = await reaches(id, 'running');
    expect(running).toMatchObject({
      SubnetId: Subnets![1]!.SubnetId,
      Placement: { AvailabilityZone: Subnets![1]!.AvailabilityZone },
      SecurityGroups: [{ GroupId: SecurityGroups![0]!.GroupId }],
      KeyName: KeyPairs![0]!.KeyName,
      Tags: [{ Key: 'Name', Value: 'web' }],
    });
    const { Volumes } = await ec2.send(
      new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [id] }] }),
    );
    expect(Volumes![0]).toMatchObject({
      Size: 20,
      SnapshotId: linux,
      Encrypted: true,
      State: 'in-use',
      Tags: [{ Key: 'Name', Value: 'web root' }],
    });
    await until('its status is ok', async () => {
      const { InstanceStatuses } = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [id] }));
      const status = InstanceStatuses?.[0]?.InstanceStatus?.Status;
      expect(['initializing', 'ok', undefined]).toContain(status);
      return status === 'ok';
    });
    expect(await consoleOf(id)).toMatch(/only simulated/);

    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await reaches(id, 'stopped');
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await reaches(id, 'running');
    const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(TerminatingInstances![0]).toMatchObject({
      PreviousState: { Name: 'running' },
      CurrentState: { Name: 'shutting-down' },
    });
    expect((await reaches(id, 'terminated')).StateReason!.Code).toBe('Client.UserInitiatedShutdown');
    const gone = ec2.send(new DescribeVolumesCommand({ VolumeIds: [Volumes![0]!.VolumeId!] }));
    expect((await failure(gone)).name).toBe('InvalidVolume.NotFound');
    expect((await failure(ec2.send(new StartInstancesCommand({ InstanceIds: [id] })))).name).toBe(
      'IncorrectInstanceState',
    );
  });

  test('outlives a restart of the lab', async () => {
    const { Instances } = await launch();
    const id = Instances![0]!.InstanceId!;
    await lab.restart();
    ec2 = lab.ec2();
    await reaches(id, 'running');
  });

  test('a volume that is not to be deleted stays behind', async () => {
    const { Instances } = await launch({
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { DeleteOnTermination: false } }],
    });
    const id = Instances![0]!.InstanceId!;
    const running = await reaches(id, 'running');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await reaches(id, 'terminated');
    const VolumeIds = [running.BlockDeviceMappings![0]!.Ebs!.VolumeId!];
    const { Volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds }));
    expect(Volumes![0]).toMatchObject({ State: 'available', Attachments: [] });
  });

  test('the same token launches once', async () => {
    const first = await launch({ ClientToken: 'launch-1' });
    const again = await launch({ ClientToken: 'launch-1' });
    expect(again.Instances![0]!.InstanceId).toBe(first.Instances![0]!.InstanceId);
    const other = await failure(launch({ ClientToken: 'launch-1', InstanceType: 't3.small' }));
    expect(other.name).toBe('IdempotentParameterMismatch');
  });
});

describe('Windows', () => {
  test('does not start from an AMI that was registered from a plain snapshot, and does from one of ImportImage', async () => {
    const snapshot = await snapshotOf(lab, windowsDisk());
    const registered = await register(ec2, snapshot, { Name: 'windows by register' });
    const refused = (await launch({ ImageId: registered })).Instances![0]!;
    expect(refused.State!.Name).toBe('pending');
    const ended = await reaches(refused.InstanceId!, 'terminated');
    expect(ended.StateReason!.Code).toBe('Client.InstanceInitiatedShutdown');
    expect(await consoleOf(refused.InstanceId!)).toMatch(/holds Windows/);

    const { ImportTaskId } = await ec2.send(new ImportImageCommand({ DiskContainers: [{ SnapshotId: snapshot }] }));
    const { ImageId } = await imageTask(ec2, ImportTaskId!);
    const { Instances } = await launch({ ImageId });
    expect((await reaches(Instances![0]!.InstanceId!, 'running')).Platform).toBe('windows');
  });
});

describe('RunInstances refuses', () => {
  const none = '00000000000000000';
  test.each<[string, Partial<RunInstancesCommandInput>, string]>([
    ['an image that is not there', { ImageId: `ami-${none}` }, 'InvalidAMIID.NotFound'],
    ['an image id of no form', { ImageId: 'ami-1' }, 'InvalidAMIID.Malformed'],
    ['a type that does not exist', { InstanceType: 't9.huge' as 't3.micro' }, 'InvalidParameterValue'],
    ['a type of another architecture', { InstanceType: 't4g.micro' }, 'InvalidParameterValue'],
    ['a subnet that is not there', { SubnetId: `subnet-${none}` }, 'InvalidSubnetID.NotFound'],
    ['a security group that is not there', { SecurityGroupIds: [`sg-${none}`] }, 'InvalidGroup.NotFound'],
    ['a key pair that is not there', { KeyName: 'nobody' }, 'InvalidKeyPair.NotFound'],
    ['user data beyond 16 KiB', { UserData: Buffer.alloc(16385).toString('base64') }, 'InvalidParameterValue'],
    ['user data that is not encoded', { UserData: '#!/bin/sh' }, 'InvalidParameterValue'],
    [
      'a root smaller than its snapshot',
      { BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 0 } }] },
      'InvalidBlockDeviceMapping',
    ],
    [
      'io2 without IOPS',
      { BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeType: 'io2' } }] },
      'MissingParameter',
    ],
    ['fewer than at least', { MinCount: 3, MaxCount: 2 }, 'InvalidParameterValue'],
    ['a dry run, which would have succeeded', { DryRun: true }, 'DryRunOperation'],
  ])('%s', async (_, input, code) => {
    expect((await failure(launch(input))).name).toBe(code);
  });

  test.each<[string, object, string, string]>([
    [
      'an AMI with the defaults of RegisterImage',
      { Architecture: undefined, VirtualizationType: undefined },
      't3.micro',
      'InvalidParameterCombination',
    ],
    ['an AMI without ENA on a type that needs it', { EnaSupport: false }, 'm5.large', 'InvalidParameterCombination'],
    ['a UEFI AMI on a type that has only a BIOS', { BootMode: 'uefi' }, 't2.micro', 'InvalidParameterCombination'],
  ])('%s', async (name, change, InstanceType, code) => {
    const ImageId = await register(ec2, linux, { Name: name.slice(0, 40).trim(), ...change });
    const refused = await failure(launch({ ImageId, InstanceType: InstanceType as 't3.micro' }));
    expect(refused.name).toBe(code);
    if (name.includes('ENA')) expect((await launch({ ImageId, InstanceType: 't2.micro' })).Instances).toHaveLength(1);
  });
});

describe('describing', () => {
  test('instance types come in pages and tell what decides about an AMI', async () => {
    const names: string[] = [];
    for await (const page of paginateDescribeInstanceTypes({ client: ec2, pageSize: 10 }, {})) {
      expect(page.InstanceTypes!.length).toBeLessThanOrEqual(10);
      names.push(...page.InstanceTypes!.map(({ InstanceType }) => InstanceType!));
    }
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(25);
    const { InstanceTypes } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['m6i.large'] }));
    expect(InstanceTypes![0]).toMatchObject({
      VCpuInfo: { DefaultVCpus: 2 },
      MemoryInfo: { SizeInMiB: 8192 },
      ProcessorInfo: { SupportedArchitectures: ['x86_64'] },
      SupportedBootModes: ['legacy-bios', 'uefi'],
      NetworkInfo: { EnaSupport: 'required' },
    });
    const unknown = ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['x.y' as 't3.micro'] }));
    expect((await failure(unknown)).name).toBe('InvalidInstanceType');
  });

  test('instances are found by their tags and states', async () => {
    const { Instances } = await launch({
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'find', Value: 'me' }] }],
    });
    const Filters = [
      { Name: 'tag:find', Values: ['me'] },
      { Name: 'instance-state-name', Values: ['pending', 'running'] },
    ];
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ Filters }));
    expect(Reservations!.flatMap((one) => one.Instances!.map(({ InstanceId }) => InstanceId))).toEqual([
      Instances![0]!.InstanceId,
    ]);
    const absent = ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-00000000000000000'] }));
    expect((await failure(absent)).name).toBe('InvalidInstanceID.NotFound');
  });

  test('an action that the lab does not know is told so', async () => {
    const { DescribeAddressesCommand } = await import('@aws-sdk/client-ec2');
    expect((await failure(ec2.send(new DescribeAddressesCommand({})))).name).toBe('InvalidAction');
  });
});
