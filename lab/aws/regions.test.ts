// Regions of the lab's account: what is made in one is not seen in another, and lasts.

import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestLab, type TestLab } from './testing-lab-aws.ts';

let lab: TestLab;
beforeAll(async () => {
  lab = await startTestLab();
});
afterAll(() => lab[Symbol.asyncDispose]());

const OTHER = 'us-east-1';
const client = (region: string) => ({ endpoint: lab.aws.url, region, credentials: lab.aws.credentials });
const made = async (region: string) => {
  const ebs = new EBSClient(client(region));
  const answer = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
  ebs.destroy();
  return answer.SnapshotId as string;
};
const seen = async (region: string) => {
  const ec2 = new EC2Client(client(region));
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  ec2.destroy();
  return Snapshots.map(({ SnapshotId }) => SnapshotId);
};
const told = async (input: object) => {
  const snapshots = (await lab.aws.control.snapshots?.(input)) as { id: string }[];
  return snapshots.map(({ id }) => id);
};

test('a snapshot is in the Region that its request was signed for, and in no other', async () => {
  const [here, there] = [await made(lab.aws.region), await made(OTHER)];
  expect(await seen(lab.aws.region)).toEqual([here]);
  expect(await seen(OTHER)).toEqual([there]);
  expect(await told({})).toEqual([here]);
  expect(await told({ region: OTHER })).toEqual([there]);
  await lab.restart();
  expect(await told({})).toEqual([here]);
  expect(await told({ region: OTHER })).toEqual([there]);
});
