import {
  DescribeInstanceCreditSpecificationsCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  type Subnet,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../testing-lab-aws.ts';
import { type CloudLab, instanceOf, register, snapshotOf, startCloudLab, until } from './testing-driving.ts';
import { linuxDisk } from './testing-guest-disks.ts';

let lab: CloudLab;
let ec2: EC2Client;
let image: string;
let subnets: Subnet[];

beforeAll(async () => {
  lab = await startCloudLab();
  ec2 = lab.ec2();
  image = await register(ec2, await snapshotOf(lab, linuxDisk()), { Name: 'linux' });
  subnets = (await ec2.send(new DescribeSubnetsCommand({}))).Subnets!;
  subnets.sort((a, b) => (a.AvailabilityZone! < b.AvailabilityZone! ? -1 : 1));
});
afterAll(async () => lab[Symbol.asyncDispose]());

async function launch(input: Partial<RunInstancesCommandInput> = {}) {
  const request = { ImageId: image, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, ...input } as const;
  return (await ec2.send(new RunInstancesCommand(request))).Instances![0]!;
}

/** A client that adds fields to the form that it sends, as another client's own parameters would stand there. */
function adding(fields: Record<string, string>): EC2Client {
  const client = lab.ec2();
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: string; headers: Record<string, string> };
      request.body += `&${new URLSearchParams(fields)}`;
      request.headers['content-length'] = String(Buffer.byteLength(request.body));
      return next(args);
    },
    { step: 'build', priority: 'low' },
  );
  return client;
}

describe('a parameter', () => {
  test.each([
    [{ Colour: 'blue' }, 'Colour'],
    [{ 'Filter.1.Values.1': 'x' }, 'Filter.1.Values.1'],
    [{ 'InstanceIds.1': 'i-00000000000000000' }, 'InstanceIds.1'],
  ])('that the operation does not have is refused by its name: %j', async (fields, name) => {
    expect(await failure(adding(fields).send(new DescribeInstancesCommand({})))).toMatchObject({
      name: 'UnknownParameter',
      message: `The parameter ${name} is not recognized`,
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('that the operation has, and the lab cannot honour, is refused before anything was made', async () => {
    const before = await lab.aws.control.instances!();
    for (const input of [
      { DisableApiTermination: true },
      { Placement: { Tenancy: 'dedicated' } },
      { HibernationOptions: { Configured: true } },
      { CpuOptions: { CoreCount: 1, ThreadsPerCore: 1 } },
      { InstanceMarketOptions: { MarketType: 'spot' } },
    ] as Partial<RunInstancesCommandInput>[]) {
      expect(await failure(launch(input))).toMatchObject({
        name: 'UnsupportedOperation',
        message: expect.stringContaining(Object.keys(input)[0]!),
      });
    }
    expect(await lab.aws.control.instances!()).toEqual(before);
  });

  test('that asks for what is the case anyway is taken', async () => {
    await launch({
      DisableApiTermination: false,
      HibernationOptions: { Configured: false },
      Placement: { Tenancy: 'default' },
      MaintenanceOptions: { AutoRecovery: 'default' },
    });
  });

  test('DryRun is every operation’s', async () => {
    const dry = await failure(ec2.send(new DescribeInstancesCommand({ DryRun: true })));
    expect(dry).toMatchObject({ name: 'DryRunOperation', $metadata: { httpStatusCode: 412 } });
  });
});

describe('a launch', () => {
  test('monitoring, credits, EBS optimization, profile and metadata options are as they were asked for', async () => {
    const made = await launch({
      Monitoring: { Enabled: true },
      CreditSpecification: { CpuCredits: 'standard' },
      EbsOptimized: true,
      IamInstanceProfile: { Name: 'web' },
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 3 },
    });
    expect(made.Monitoring).toEqual({ State: 'pending' });
    const id = made.InstanceId!;
    const running = await until('it runs', async () => {
      const instance = await instanceOf(ec2, id);
      return instance.State!.Name === 'running' && instance;
    });
    expect(running).toMatchObject({
      Monitoring: { State: 'enabled' },
      EbsOptimized: true,
      IamInstanceProfile: { Arn: `arn:aws:iam::${lab.aws.account}:instance-profile/web` },
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 3 },
    });
    const { InstanceCreditSpecifications } = await ec2.send(
      new DescribeInstanceCreditSpecificationsCommand({ InstanceIds: [id] }),
    );
    expect(InstanceCreditSpecifications).toEqual([{ InstanceId: id, CpuCredits: 'standard' }]);
    const large = launch({ InstanceType: 'm5.large', CreditSpecification: { CpuCredits: 'unlimited' } });
    expect((await failure(large)).name).toBe('InstanceCreditSpecification.NotSupported');
  });

  test('the private address is the one that was asked for, inside the subnet and free', async () => {
    const SubnetId = subnets[1]!.SubnetId!;
    const asking = (PrivateIpAddress: string) => launch({ SubnetId, PrivateIpAddress });
    const first = await asking('172.31.20.7');
    expect(first.PrivateIpAddress).toBe('172.31.20.7');
    expect(await failure(asking('172.31.20.7'))).toMatchObject({
      name: 'InvalidIPAddress.InUse',
      message: 'Address 172.31.20.7 is in use.',
    });
    for (const [address, message] of [
      ['172.31.0.9', "Address 172.31.0.9 does not fall within the subnet's address range"],
      ['172.31.16.3', "Address 172.31.16.3 is in subnet's reserved address range"],
      ['172.31.31.255', "Address 172.31.31.255 is in subnet's reserved address range"],
      ['172.31.16', 'invalid value for parameter address: 172.31.16'],
    ] as const) {
      expect(await failure(asking(address))).toMatchObject({ name: 'InvalidParameterValue', message });
    }
    const both = launch({ SubnetId, PrivateIpAddress: '172.31.20.8', MaxCount: 2, MinCount: 2 });
    expect((await failure(both)).name).toBe('InvalidParameterCombination');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [first.InstanceId!] }));
    await until(
      'it is terminated',
      async () => (await instanceOf(ec2, first.InstanceId!)).State!.Name === 'terminated',
    );
    const card = await launch({
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId,
          PrivateIpAddress: '172.31.20.7',
          AssociatePublicIpAddress: false,
          Description: 'lan',
        },
      ],
    });
    expect(card.NetworkInterfaces![0]).toMatchObject({ PrivateIpAddress: '172.31.20.7', Description: 'lan' });
    expect(card.PublicIpAddress).toBeUndefined();
    expect((await launch({ SubnetId })).PublicIpAddress).toMatch(/^203\.0\.113\.\d+$/);
  });
});
