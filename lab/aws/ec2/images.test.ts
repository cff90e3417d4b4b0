import { StartSnapshotCommand } from '@aws-sdk/client-ebs';
import {
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeleteTagsCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  type EC2Client,
  paginateDescribeImages,
  paginateDescribeSnapshots,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../testing-lab-aws.ts';
import { type CloudLab, filledBlock, putBlock, register, startCloudLab, writeSnapshot } from './testing-driving.ts';

let lab: CloudLab;
let ec2: EC2Client;
let snapshotId: string;

beforeAll(async () => {
  lab = await startCloudLab();
  ec2 = lab.ec2();
  snapshotId = await writeSnapshot(lab, { 0: filledBlock(1) }, { VolumeSize: 3 });
});
afterAll(async () => lab[Symbol.asyncDispose]());

const image = async (id: string) => (await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }))).Images![0]!;
const mapping = (Ebs: object) => [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshotId, ...Ebs } }];

describe('RegisterImage', () => {
  test('makes an AMI that maps exactly the snapshots', async () => {
    const id = await register(ec2, snapshotId, {
      Name: 'web 1',
      Description: 'a <server> & more',
      BootMode: 'uefi',
      BlockDeviceMappings: [
        { DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshotId, VolumeType: 'gp3', DeleteOnTermination: false } },
        { DeviceName: '/dev/sdf', Ebs: { SnapshotId: snapshotId, VolumeType: 'gp3', VolumeSize: 10 } },
      ],
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'run', Value: '7' }] }],
    });
    const described = await image(id);
    expect(described).toMatchObject({
      Name: 'web 1',
      Description: 'a <server> & more',
      State: 'available',
      OwnerId: lab.aws.account,
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      BootMode: 'uefi',
      EnaSupport: true,
      RootDeviceName: '/dev/sda1',
      Tags: [{ Key: 'run', Value: '7' }],
    });
    expect(described.Platform).toBeUndefined();
    const mapped = described.BlockDeviceMappings!.map(({ DeviceName, Ebs }) => [
      DeviceName,
      Ebs!.SnapshotId,
      Ebs!.VolumeSize,
    ]);
    expect(mapped).toEqual([
      ['/dev/sda1', snapshotId, 3],
      ['/dev/sdf', snapshotId, 10],
    ]);
    expect(described.BlockDeviceMappings![0]!.Ebs!.DeleteOnTermination).toBe(false);
  });

  test('takes i386 and paravirtual when nothing else is said', async () => {
    const id = await register(ec2, snapshotId, {
      Name: 'defaults',
      Architecture: undefined,
      VirtualizationType: undefined,
      EnaSupport: undefined,
    });
    expect(await image(id)).toMatchObject({
      Architecture: 'i386',
      VirtualizationType: 'paravirtual',
      EnaSupport: false,
    });
  });

  test.each<[string, () => Partial<RegisterImageCommandInput>, string]>([
    ['a name that is too short', () => ({ Name: 'ab' }), 'InvalidAMIName.Malformed'],
    ['a name with a letter that is not allowed', () => ({ Name: 'web#1' }), 'InvalidAMIName.Malformed'],
    ['a name with a space at its end', () => ({ Name: 'web 1 ' }), 'InvalidAMIName.Malformed'],
    ['a description beyond ASCII', () => ({ Description: 'Büro' }), 'InvalidParameterValue'],
    ['a description of 256', () => ({ Description: 'd'.repeat(256) }), 'InvalidParameterValue'],
    ['a name that is taken', () => ({ Name: 'taken' }), 'InvalidAMIName.Duplicate'],
    [
      'Encrypted beside a snapshot',
      () => ({ BlockDeviceMappings: mapping({ Encrypted: true }) }),
      'InvalidBlockDeviceMapping',
    ],
    [
      'Encrypted false beside a snapshot',
      () => ({ BlockDeviceMappings: mapping({ Encrypted: false }) }),
      'InvalidBlockDeviceMapping',
    ],
    [
      'a key beside a snapshot',
      () => ({ BlockDeviceMappings: mapping({ KmsKeyId: 'alias/x' }) }),
      'InvalidBlockDeviceMapping',
    ],
    [
      'a volume smaller than its snapshot',
      () => ({ BlockDeviceMappings: mapping({ VolumeSize: 2 }) }),
      'InvalidBlockDeviceMapping',
    ],
    [
      'a device name that EC2 does not have',
      () => ({ BlockDeviceMappings: [...mapping({}), { DeviceName: '/dev/xvdea', Ebs: { SnapshotId: snapshotId } }] }),
      'InvalidBlockDeviceMapping',
    ],
    ['a root device that is not mapped', () => ({ RootDeviceName: '/dev/xvda' }), 'InvalidBlockDeviceMapping'],
    [
      'a snapshot that is not there',
      () => ({ BlockDeviceMappings: mapping({ SnapshotId: 'snap-00000000000000000' }) }),
      'InvalidSnapshot.NotFound',
    ],
    [
      'a snapshot id of no form',
      () => ({ BlockDeviceMappings: mapping({ SnapshotId: 'snap-1' }) }),
      'InvalidSnapshotID.Malformed',
    ],
    [
      'tags of another type',
      () => ({ TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'a', Value: '' }] }] }),
      'InvalidParameterValue',
    ],
    ['a boot mode that does not exist', () => ({ BootMode: 'bios' as 'uefi' }), 'InvalidParameterValue'],
    ['a dry run, which would have succeeded', () => ({ DryRun: true }), 'DryRunOperation'],
  ])('refuses %s', async (_, input, code) => {
    await register(ec2, snapshotId, { Name: 'taken' }).catch(() => {});
    expect((await failure(register(ec2, snapshotId, { Name: 'refused', ...input() }))).name).toBe(code);
  });

  test('refuses a pending snapshot, which may be deleted', async () => {
    const { SnapshotId } = await lab.ebs().send(new StartSnapshotCommand({ VolumeSize: 1 }));
    expect((await failure(register(ec2, SnapshotId!, { Name: 'too early' }))).name).toBe('IncorrectState');
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
    expect((await failure(putBlock(lab.ebs(), SnapshotId!, 0, filledBlock(1)))).name).toMatch(/NotFound|Validation/);
  });
});

describe('deleting', () => {
  test('a snapshot goes only after the AMI that uses it', async () => {
    const own = await writeSnapshot(lab, {});
    const id = await register(ec2, own, { Name: 'to be deleted' });
    const refused = await failure(ec2.send(new DeleteSnapshotCommand({ SnapshotId: own })));
    expect(refused).toMatchObject({ name: 'InvalidSnapshot.InUse', message: expect.stringContaining(id) });
    expect((await failure(ec2.send(new DeregisterImageCommand({ ImageId: id, DryRun: true })))).name).toBe(
      'DryRunOperation',
    );
    await ec2.send(new DeregisterImageCommand({ ImageId: id }));
    expect((await failure(image(id))).name).toBe('InvalidAMIID.NotFound');
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId: own }));
    const gone = ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [own] }));
    expect((await failure(gone)).name).toBe('InvalidSnapshot.NotFound');
    expect((await failure(ec2.send(new DeleteSnapshotCommand({ SnapshotId: own })))).name).toBe(
      'InvalidSnapshot.NotFound',
    );
  });

  test('can take the snapshots along, except those that another AMI uses', async () => {
    const own = await writeSnapshot(lab, {});
    const BlockDeviceMappings = [
      { DeviceName: '/dev/sda1', Ebs: { SnapshotId: own } },
      { DeviceName: '/dev/sdb', Ebs: { SnapshotId: snapshotId } },
    ];
    await register(ec2, snapshotId, { Name: 'the other user' });
    const id = await register(ec2, own, { Name: 'with its snapshots', BlockDeviceMappings });
    await ec2.send(new DeregisterImageCommand({ ImageId: id, DeleteAssociatedSnapshots: true }));
    expect((await failure(ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [own] })))).name).toBe(
      'InvalidSnapshot.NotFound',
    );
    expect((await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }))).Snapshots).toHaveLength(1);
  });
});

describe('finding', () => {
  test('pages through images and snapshots, each once', async () => {
    for (let at = 0; at < 7; at += 1) {
      const own = await writeSnapshot(lab, {}, { Tags: [{ Key: 'page', Value: String(at) }] });
      await register(ec2, own, { Name: `page ${at}` });
    }
    const images: string[] = [];
    for await (const page of paginateDescribeImages(
      { client: ec2, pageSize: 3 },
      { Filters: [{ Name: 'name', Values: ['page ?'] }] },
    )) {
      expect(page.Images!.length).toBeLessThanOrEqual(3);
      images.push(...page.Images!.map(({ Name }) => Name!));
    }
    expect(images.sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((at) => `page ${at}`));
    const snapshots: string[] = [];
    const query = { OwnerIds: ['self'], Filters: [{ Name: 'tag:page', Values: ['*'] }] };
    for await (const page of paginateDescribeSnapshots({ client: ec2, pageSize: 5 }, query)) {
      snapshots.push(...page.Snapshots!.map(({ SnapshotId }) => SnapshotId!));
    }
    expect(new Set(snapshots).size).toBe(7);
    expect(snapshots).toHaveLength(7);
  });

  test('knows filters, refuses unknown ones, and other owners have nothing', async () => {
    const sizes = await ec2.send(
      new DescribeSnapshotsCommand({
        Filters: [
          { Name: 'volume-size', Values: ['3'] },
          { Name: 'status', Values: ['completed'] },
        ],
      }),
    );
    expect(sizes.Snapshots!.map(({ SnapshotId }) => SnapshotId)).toEqual([snapshotId]);
    const unknown = ec2.send(new DescribeSnapshotsCommand({ Filters: [{ Name: 'colour', Values: ['red'] }] }));
    expect((await failure(unknown)).message).toBe("The filter 'colour' is invalid");
    expect((await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }))).Images).toEqual([]);
    const combined = ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId], MaxResults: 5 }));
    expect((await failure(combined)).name).toBe('InvalidParameterCombination');
  });
});

describe('tags', () => {
  test('are set, found and removed', async () => {
    const own = await writeSnapshot(lab, {});
    const id = await register(ec2, own, { Name: 'tagged' });
    const Tags = [
      { Key: 'migration:run', Value: 'sms-run-1' },
      { Key: 'empty', Value: '' },
    ];
    await ec2.send(new CreateTagsCommand({ Resources: [own, id], Tags }));
    const byTag = await ec2.send(
      new DescribeImagesCommand({ Filters: [{ Name: 'tag:migration:run', Values: ['sms-run-1'] }] }),
    );
    expect(byTag.Images!.map(({ ImageId }) => ImageId)).toEqual([id]);
    const described = await ec2.send(new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [own] }] }));
    expect(described.Tags).toEqual(
      expect.arrayContaining([{ Key: 'empty', Value: '', ResourceId: own, ResourceType: 'snapshot' }]),
    );
    await ec2.send(new DeleteTagsCommand({ Resources: [own], Tags: [{ Key: 'empty' }] }));
    await lab.restart();
    ec2 = lab.ec2();
    const left = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [own] }));
    expect(left.Snapshots![0]!.Tags).toEqual([{ Key: 'migration:run', Value: 'sms-run-1' }]);
  });

  test('takes a key of 128 and a value of 256 characters', async () => {
    const Tags = [{ Key: 'k'.repeat(128), Value: 'ü'.repeat(256) }];
    await ec2.send(new CreateTagsCommand({ Resources: [snapshotId], Tags }));
    const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
    expect(Snapshots![0]!.Tags).toEqual(expect.arrayContaining(Tags));
  });

  test.each<[string, () => { Resources: string[]; Tags: { Key: string; Value: string }[] }, string]>([
    ['of AWS', () => ({ Resources: [snapshotId], Tags: [{ Key: 'aws:x', Value: '' }] }), 'InvalidParameterValue'],
    [
      'of AWS in capitals',
      () => ({ Resources: [snapshotId], Tags: [{ Key: 'AWS:x', Value: '' }] }),
      'InvalidParameterValue',
    ],
    [
      'with a key of 129',
      () => ({ Resources: [snapshotId], Tags: [{ Key: 'k'.repeat(129), Value: '' }] }),
      'InvalidParameterValue',
    ],
    [
      'with a value of 257',
      () => ({ Resources: [snapshotId], Tags: [{ Key: 'k', Value: 'v'.repeat(257) }] }),
      'InvalidParameterValue',
    ],
    [
      'for nothing that exists',
      () => ({ Resources: ['ami-00000000000000000'], Tags: [{ Key: 'a', Value: '' }] }),
      'InvalidAMIID.NotFound',
    ],
    ['for an id of no kind', () => ({ Resources: ['thing-1'], Tags: [{ Key: 'a', Value: '' }] }), 'InvalidID'],
    [
      'beyond fifty',
      () => ({ Resources: [snapshotId], Tags: Array.from({ length: 51 }, (_, at) => ({ Key: `k${at}`, Value: '' })) }),
      'TagLimitExceeded',
    ],
  ])('refuses tags %s', async (_, input, code) => {
    expect((await failure(ec2.send(new CreateTagsCommand(input())))).name).toBe(code);
  });
});
