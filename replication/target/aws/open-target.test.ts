import { S3 } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { awsTargetContract } from './contract.ts';
import { openAwsTarget } from './open-target.ts';
import { recommendType } from './recommend-type.ts';
import type { LaunchInput } from './target.ts';
import {
  another,
  config,
  data,
  failure,
  faults,
  imageInput,
  lab,
  labSays,
  linux,
  never,
  target,
  targetForTests,
} from './testing-target.ts';

targetForTests();

awsTargetContract('the lab', async () => {
  const own = new S3({ region: lab.region, endpoint: lab.url, credentials: lab.credentials, forcePathStyle: true });
  const imageId = await target.images.register(imageInput('contract', linux), never);
  return {
    target: openAwsTarget(config()),
    imageId,
    instanceType: 't3.medium',
    async read(key) {
      const { Body } = await own.getObject({ Bucket: lab.bucket, Key: key });
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
    close: async () => own.destroy(),
  };
});

test('a launch with all settings, its console, and a type that does not fit', async () => {
  const imageId = await target.images.register(imageInput('launched', linux, data), never);
  const { subnets, securityGroups, keyPairs } = await target.instances.networks(never);
  const input: LaunchInput = {
    imageId,
    instanceType: 't3.medium',
    subnetId: subnets[1]?.id ?? '',
    securityGroupIds: [securityGroups[0]?.id ?? ''],
    keyName: keyPairs[0] ?? null,
    publicAddress: false,
    volumes: [{ device: '/dev/sda1', type: 'gp3', sizeGiB: 3, iops: 4000, deleteOnTermination: true }],
    tags: { Name: 'web01', 'landfall:job': 'sms-job-1' },
    userData: '#cloud-config\n# ümlaut\n',
    token: 'launch-1',
  };
  expect(await target.instances.rehearse(input, never)).toBeNull();
  const instanceId = await target.instances.launch(input, never);
  const state = async () => (await target.instances.describe([instanceId], never)).get(instanceId);
  await expect.poll(async () => (await state())?.instanceStatus, { timeout: 10_000 }).toBe('ok');
  expect(await state()).toMatchObject({
    state: 'running',
    systemStatus: 'ok',
    imageId,
    privateAddress: expect.any(String),
  });
  const made = (await labSays<{ id: string }[]>('instances')).find(({ id }) => id === instanceId);
  expect(made).toMatchObject({
    subnetId: input.subnetId,
    tags: input.tags,
    ...(input.keyName && { keyName: input.keyName }),
  });
  expect((await target.instances.consoleOutput(instanceId, never)).text.length).toBeGreaterThan(0);
  await target.instances.terminate(instanceId, never);
  await expect.poll(async () => (await state())?.state, { timeout: 10_000 }).toBe('terminated');

  const unfit = await target.instances.rehearse({ ...input, instanceType: 'no-such.type' }, never);
  expect(unfit).toMatch(/InstanceType/);
});

test('a restricted key is told which action it lacks; a wrong secret and an expired token are told apart', async () => {
  const restricted = await failure(another({ credentials: lab.connector }).images.describe(['ami-1'], never));
  expect(restricted).toMatchObject({
    code: 'aws-access-denied',
    message: expect.stringContaining('ec2:DescribeImages'),
  });
  const wrong = another({ credentials: { ...lab.credentials, secretAccessKey: 'wrong' } });
  expect((await failure(wrong.images.describe(['ami-1'], never))).code).toBe('aws-credentials-refused');
  expect((await failure(wrong.identity(never))).code).toBe('aws-credentials-refused');
});

test('a Region that is not enabled, and a policy of the organization, are named as what stands in the way', async () => {
  const elsewhere = another({ region: 'ap-east-1' });
  const disabled = { code: 'aws-region-disabled', remedy: expect.stringContaining('Enable the Region') };
  expect(await failure(elsewhere.images.describe(['ami-1'], never))).toMatchObject(disabled);
  expect(await failure(elsewhere.identity(never))).toMatchObject(disabled);
  const message =
    'You are not authorized to perform this operation. User: arn:aws:iam::1:user/x is not authorized to perform: ec2:DescribeImages with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1';
  faults.add({
    side: 'aws',
    operation: 'ec2:DescribeImages',
    effect: { kind: 'fail', code: 'UnauthorizedOperation', message },
  });
  expect(await failure(target.images.describe(['ami-1'], never))).toMatchObject({
    code: 'aws-access-denied',
    remedy: expect.stringMatching(/AWS Organizations/),
  });
});

test('throttling and a broken server are waited out by the SDK; a clock that is off is named', async () => {
  faults.add({
    side: 'aws',
    operation: 'ec2:DescribeImages',
    count: 2,
    effect: { kind: 'fail', code: 'RequestLimitExceeded' },
  });
  expect(await another({}).images.describe(['ami-0123456789abcdef0'], never)).toEqual(new Map());
  expect(faults.list()).toEqual([]);
  faults.add({ side: 'aws', operation: 'ec2:DescribeImages', effect: { kind: 'fail', code: 'RequestExpired' } });
  const skewed = await failure(another({}).images.describe(['ami-0123456789abcdef0'], never));
  expect(skewed).toMatchObject({ code: 'aws-credentials-refused', remedy: expect.stringContaining('clock') });
});

test('closing ends a call that hangs', async () => {
  faults.add({ side: 'aws', operation: 'ec2:DescribeImages', count: 100, effect: { kind: 'hang' } });
  const closing = openAwsTarget(config());
  const call = failure(closing.images.describe(['ami-0123456789abcdef0'], never));
  await expect.poll(() => faults.list()[0]?.count).toBe(99);
  closing.close();
  expect((await call).cause).toContain('closed');
});

test('of the real lists of types, 32 usual sizes of servers get a current generation, in every zone', async () => {
  const types = await target.instances.types(never);
  const zones = (await target.instances.networks(never)).subnets.map(({ zone }) => zone).sort();
  const [a, b, c] = zones as [string, string, string];
  expect(types.find(({ name }) => name === 'm3.2xlarge')).toMatchObject({
    current: false,
    nitro: false,
    zones: [a, b],
  });
  expect(types.find(({ name }) => name === 'm7i.large')).toMatchObject({ volumes: 32, zones: [a, b] });
  expect(types.find(({ name }) => name === 'm6i.large')).toMatchObject({ volumes: 27, zones: [a, b, c] });
  const needs = { architecture: 'x86_64', firmware: 'bios', hasEna: null, zones } as const;
  for (const vcpus of [1, 2, 4, 8, 12, 16, 24, 32]) {
    for (const perCpu of [1, 2, 4, 8]) {
      const { recommended, reason } = recommendType({ ...needs, vcpus, memoryMiB: vcpus * perCpu * 1024 }, types);
      const told = `${vcpus} vCPU, ${vcpus * perCpu} GiB: ${reason}`;
      expect(recommended, told).toMatchObject({ current: true, nitro: true, zones });
    }
  }
  // In one zone the newest may be chosen; an old guest gets a type that needs no drivers.
  const large = { ...needs, vcpus: 8, memoryMiB: 32 * 1024 };
  expect(recommendType({ ...large, zones: [a] }, types).recommended?.name).toBe('m7i.2xlarge');
  const old = recommendType({ ...large, guestName: 'CentOS 6 (64-bit)' }, types);
  expect(old.recommended?.nitro).toBe(false);
  expect(old.reason).toContain('this type needs neither');
});
