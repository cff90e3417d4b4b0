// Stopping an instance for a roll-back: which refusals of EC2 may be passed over, and which may not.
import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type CloudLab, register, snapshotOf, startCloudLab } from '../../../lab/aws/ec2/testing-driving.ts';
import { linuxDisk } from '../../../lab/aws/ec2/testing-guest-disks.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import { toFault } from '../../model/fault.ts';
import { openAwsTarget } from './open-target.ts';
import type { AwsTarget } from './target.ts';

const never = new AbortController().signal;
const faults = new FaultRules();
let lab: CloudLab;
let imageId: string;
const opened: AwsTarget[] = [];

beforeAll(async () => {
  lab = await startCloudLab({ faults });
  imageId = await register(lab.ec2(), await snapshotOf(lab, linuxDisk()));
});
afterEach(() => {
  faults.clear();
  for (const one of opened.splice(0)) one.close();
});
afterAll(() => lab[Symbol.asyncDispose]());

function open(credentials = lab.aws.credentials): AwsTarget {
  const { url, region, bucket, account } = lab.aws;
  const endpoints = { s3: url, ec2: url, ebs: url, sts: url };
  const target = openAwsTarget({ region, bucket, credentials, endpoints, account });
  opened.push(target);
  return target;
}

async function launch(): Promise<string> {
  const input = { ImageId: imageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 } as const;
  return (await lab.ec2().send(new RunInstancesCommand(input))).Instances?.[0]?.InstanceId ?? '';
}
const reaches = (target: AwsTarget, id: string, state: string) =>
  expect
    .poll(async () => (await target.instances.describe([id], never)).get(id)?.state, { interval: 10, timeout: 10_000 })
    .toBe(state);
const refuses = (code: string) =>
  faults.add({ side: 'aws', operation: 'ec2:StopInstances', effect: { kind: 'fail', code, status: 400 } });
const stopFault = (target: AwsTarget, id: string) => target.instances.stop(id, never).then(() => null, toFault);

test('an instance that EC2 does not stop yet is no stopped instance', async () => {
  const target = open();
  const id = await launch();
  await reaches(target, id, 'running');
  refuses('IncorrectInstanceState');
  expect(await stopFault(target, id)).toMatchObject({ code: 'aws-fault', retry: 'later' });
  faults.clear();
  expect(await stopFault(target, id)).toBeNull();
  await reaches(target, id, 'stopped');
  refuses('IncorrectInstanceState');
  expect(await stopFault(target, id)).toBeNull();
});

test('an instance that ends or has ended is as good as stopped', async () => {
  const target = open();
  const id = await launch();
  await reaches(target, id, 'running');
  await target.instances.terminate(id, never);
  expect(await stopFault(target, id)).toBeNull();
  await reaches(target, id, 'terminated');
  expect(await stopFault(target, id)).toBeNull();
});

test('a key that may not stop instances is told the action; other refusals are told too', async () => {
  const id = await launch();
  expect(await stopFault(open(lab.aws.connector), id)).toMatchObject({
    code: 'aws-access-denied',
    message: expect.stringContaining('ec2:StopInstances'),
  });
  refuses('OperationNotPermitted');
  expect(await stopFault(open(), id)).toMatchObject({ code: 'aws-fault' });
});
