// CopyImage and sharing in the lab's EC2, by the official SDK: across Regions and accounts, with AWS's refusals.
import {
  CopyImageCommand,
  type CopyImageCommandInput,
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  type EC2Client,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure } from '../testing-lab-aws.ts';
import { type CloudLab, filledBlock, register, startCloudLab, until, writeSnapshot } from './testing-driving.ts';

let lab: CloudLab;
let here: EC2Client;
let there: EC2Client;
let partner: EC2Client;
let snapshotId: string;
let imageId: string;
const ELSEWHERE = 'eu-west-1';

beforeAll(async () => {
  lab = await startCloudLab();
  here = lab.ec2();
  there = lab.ec2({ region: ELSEWHERE });
  partner = lab.ec2({ region: lab.aws.region, credentials: lab.aws.second.credentials });
  snapshotId = await writeSnapshot(lab, { 0: filledBlock(1), 5: filledBlock(2) });
  imageId = await register(here, snapshotId, { Name: 'original' });
});
afterAll(() => lab[Symbol.asyncDispose]());

const copy = async (client: EC2Client, input: Partial<CopyImageCommandInput> = {}) => {
  const source = { SourceImageId: imageId, SourceRegion: lab.aws.region };
  return (await client.send(new CopyImageCommand({ Name: 'a copy', ...source, ...input }))).ImageId ?? '';
};
const seen = async (client: EC2Client, id: string) =>
  (await client.send(new DescribeImagesCommand({ ImageIds: [id] }))).Images?.[0];
const available = (client: EC2Client, id: string) =>
  until('the copy is available', async () => {
    const image = await seen(client, id);
    return image?.State === 'available' && image;
  });

test('a copy is pending, then available, with its own bytes; the same token gives the same one', async () => {
  const tags = ['image', 'snapshot'].map((ResourceType) => ({
    ResourceType,
    Tags: [{ Key: 'of', Value: ResourceType }],
  }));
  const input = { Name: 'elsewhere', ClientToken: 'once', TagSpecifications: tags as never };
  const id = await copy(there, input);
  expect(await copy(there, input)).toBe(id);
  expect(await failure(copy(there, { ...input, Name: 'other' }))).toMatchObject({
    name: 'IdempotentParameterMismatch',
  });
  expect(await seen(there, id)).toMatchObject({
    State: 'pending',
    SourceImageId: imageId,
    SourceImageRegion: lab.aws.region,
  });
  const made = await available(there, id);
  expect(made).toMatchObject({ Name: 'elsewhere', Tags: [{ Key: 'of', Value: 'image' }], Architecture: 'x86_64' });
  const own = made.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
  const hash = (input: object) => lab.aws.control.snapshotHash?.(input) as Promise<{ digest: string }>;
  expect((await hash({ region: ELSEWHERE, snapshotId: own })).digest).toBe((await hash({ snapshotId })).digest);
  expect(await failure(copy(there, { Name: 'elsewhere' }))).toMatchObject({ name: 'InvalidAMIName.Duplicate' });
});

test('a copy that was under way when the lab stopped is finished by the next one', async () => {
  const id = await copy(there, { Name: 'restarted' });
  await lab.restart();
  here = lab.ec2();
  there = lab.ec2({ region: ELSEWHERE });
  partner = lab.ec2({ region: lab.aws.region, credentials: lab.aws.second.credentials });
  await available(there, id);
});

test('another account copies what was shared with it, snapshots too, and sees no tags', async () => {
  const account = lab.aws.second.account;
  expect(await failure(copy(partner))).toMatchObject({ name: 'InvalidAMIID.NotFound' });
  const Add = [{ UserId: account }];
  const bad = new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: { Add: [{ UserId: 'me' }] } });
  expect(await failure(here.send(bad))).toMatchObject({ name: 'InvalidAMIAttributeItemValue' });
  await here.send(new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: { Add } }));
  expect(await seen(partner, imageId)).toMatchObject({ OwnerId: lab.aws.account, State: 'available' });
  expect(await failure(copy(partner))).toMatchObject({
    name: 'InvalidRequest',
    message: 'You do not have permission to access the storage of this ami',
  });
  const permission = { SnapshotId: snapshotId, Attribute: 'createVolumePermission', CreateVolumePermission: { Add } };
  await here.send(new ModifySnapshotAttributeCommand({ ...permission, Attribute: 'createVolumePermission' }));
  await available(partner, await copy(partner, { Encrypted: true }));
  await here.send(new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: { Remove: Add } }));
  const attribute = new DescribeImageAttributeCommand({ ImageId: imageId, Attribute: 'launchPermission' });
  expect((await here.send(attribute)).LaunchPermissions).toEqual([]);
  expect(await failure(copy(partner, { Name: 'again' }))).toMatchObject({ name: 'InvalidAMIID.NotFound' });
});

test('what AWS encrypts with its own key is not shared, and an encrypted image has no plain copy', async () => {
  const encrypted = await writeSnapshot(lab, { 0: filledBlock(3) }, { Encrypted: true });
  const id = await register(here, encrypted, { Name: 'encrypted' });
  const Add = [{ UserId: lab.aws.second.account }];
  const image = here.send(new ModifyImageAttributeCommand({ ImageId: id, LaunchPermission: { Add } }));
  expect(await failure(image)).toMatchObject({
    name: 'InvalidParameter',
    message: expect.stringContaining('AWS Managed CMK'),
  });
  const snapshot = new ModifySnapshotAttributeCommand({
    ...{ SnapshotId: encrypted, CreateVolumePermission: { Add } },
  });
  expect(await failure(here.send(snapshot))).toMatchObject({ name: 'OperationNotPermitted' });
  const plain = copy(there, { SourceImageId: id, Encrypted: false, Name: 'plain' });
  expect(await failure(plain)).toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining('is encrypted'),
  });
  const keyed = copy(there, { KmsKeyId: 'alias/x', Name: 'keyed' });
  expect(await failure(keyed)).toMatchObject({ name: 'InvalidParameterDependency' });
});

test('a pending copy is ended by deregistering it', async () => {
  const id = await copy(there, { Name: 'ended' });
  await there.send(new DeregisterImageCommand({ ImageId: id }));
  expect(await failure(seen(there, id))).toMatchObject({ name: 'InvalidAMIID.NotFound' });
});
