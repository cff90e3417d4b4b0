import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { imageName } from './ec2-names.ts';
import { importFault } from './import-tasks.ts';
import {
  data,
  ended,
  failure,
  imageInLab,
  imageInput,
  importInput,
  labSays,
  linux,
  never,
  stageDisk,
  target,
  targetForTests,
  windows,
} from './testing-target.ts';

targetForTests();

test('RegisterImage: disks in order, hvm and x86_64, and a taken name', async () => {
  const imageId = await target.images.register(imageInput('web01', linux, data), never);
  const made = await imageInLab(imageId);
  expect(made).toMatchObject({
    architecture: 'x86_64',
    virtualizationType: 'hvm',
    bootMode: 'legacy-bios',
    enaSupport: true,
    rootDeviceName: '/dev/sda1',
    tags: { 'landfall:job': 'sms-job-1' },
    mappings: [
      { deviceName: '/dev/sda1', snapshotId: linux, deleteOnTermination: false },
      { deviceName: '/dev/sdf', snapshotId: data, deleteOnTermination: false },
    ],
  });
  expect((await target.images.describe([imageId, 'ami-0123456789abcdef0'], never)).get(imageId)).toEqual({
    imageId,
    name: 'web01',
    state: 'available',
    reason: null,
    snapshotIds: [linux, data],
    tags: { 'landfall:job': 'sms-job-1' },
  });
  const kept = { sizeGiB: 1, type: 'gp3', deleteOnTermination: false };
  expect(await target.instances.image(imageId, never)).toMatchObject({
    architecture: 'x86_64',
    bootMode: 'legacy-bios',
    ena: true,
    windows: false,
    volumes: [
      { ...kept, device: '/dev/sda1', snapshotId: linux, isRoot: true },
      { ...kept, device: '/dev/sdf', snapshotId: data, isRoot: false },
    ],
  });
  expect(await target.images.register(imageInput('web01', linux, data), never)).toBe(imageId);
  expect(await target.images.findByName('web01', never)).toBe(imageId);
  const taken = await failure(target.images.register(imageInput('web01', linux), never));
  expect(taken).toMatchObject({ code: 'image-refused', message: `The AMI name web01 is taken by ${imageId}.` });
  const missing = await failure(target.images.register(imageInput('other', 'snap-0123456789abcdef0'), never));
  expect(missing).toMatchObject({ code: 'image-refused', cause: expect.stringContaining('InvalidSnapshot') });
});

test.each([
  ['aws', 'RunInstances:0002'],
  ['byol', 'RunInstances:0800'],
] as const)('ImportImage of Windows with licence %s', async (license, usageOperation) => {
  const input = {
    description: 'windows',
    firmware: 'bios' as const,
    platform: 'Windows' as const,
    license,
    disks: [{ snapshotId: windows, order: 0 }],
    token: `image-${license}`,
    tags: { 'landfall:run': 'sms-run-1' },
  };
  const taskId = await target.images.startImport(input, never);
  expect(await target.images.startImport(input, never)).toBe(taskId);
  expect(await target.images.findImportByToken(input.token, never)).toBe(taskId);
  const task = await ended(target.images, taskId);
  expect(task).toMatchObject({ state: 'completed', imageId: expect.stringMatching(/^ami-/) });
  const made = await imageInLab(task.imageId);
  expect(made).toMatchObject({ usageOperation, platform: 'windows' });
  expect(await target.instances.image(task.imageId ?? '', never)).toMatchObject({ windows: true, ena: true });
  // VM Import works on snapshots of its own; the replica stays as it is.
  expect(task.snapshotIds).toHaveLength(1);
  expect(task.snapshotIds).not.toContain(windows);
  await target.snapshots.tag([task.imageId ?? '', ...task.snapshotIds], { 'landfall:run': 'sms-run-1' }, never);
  expect(await target.snapshots.find({ 'landfall:run': 'sms-run-1' }, never)).toEqual(
    expect.arrayContaining(task.snapshotIds),
  );
});

test('VM Import refuses a guest that it does not know, in its own words', async () => {
  const input = { description: '', firmware: 'bios' as const, platform: 'Windows' as const, license: 'byol' as const };
  const disks = [{ snapshotId: linux, order: 0 }];
  const taskId = await target.images.startImport({ ...input, disks, token: 'wrong-guest', tags: {} }, never);
  const task = await ended(target.images, taskId);
  expect(importFault('image', task).fault).toMatchObject({
    code: 'import-image-failed',
    cause: expect.stringContaining('ClientError: Unknown OS'),
  });
});

test.each(['Büro-Server', ' lead trail ', '🚀 "quoted" \u2013 日本語', 'ü'.repeat(300)])(
  'a server called %j: every field is reduced to what AWS takes, and the true name is the Name tag',
  async (serverName) => {
    const Name = [...serverName].slice(0, 255).join('');
    const tags = { Name: serverName, 'landfall:server': serverName };
    const text = `${serverName} as of now`;
    const imageId = await target.images.register(
      { ...imageInput(imageName(serverName, 'sms-run-1'), linux), description: text, tags },
      never,
    );
    expect((await imageInLab(imageId))?.tags.Name?.slice(0, 255)).toBe(Name);
    const started = await target.ebs.startSnapshot(
      { capacityBytes: 512 * 1024, parentSnapshotId: null, description: text, tags, token: `odd ${serverName}` },
      never,
    );
    if (started.outcome !== 'started') throw new Error('AWS took no snapshot.');
    const { snapshotId } = started;
    expect(
      (await labSays<{ id: string; tags: object }[]>('snapshots')).find(({ id }) => id === snapshotId)?.tags,
    ).toMatchObject({ Name });
    const platform = { platform: 'Linux' as const, license: 'byol' as const };
    const { description: _, ...image } = imageInput('unused', linux);
    await target.images.startImport(
      { ...image, ...platform, description: text, tags, token: `image ${serverName}` },
      never,
    );
    const key = await stageDisk(
      `odd-${createHash('sha256').update(serverName).digest('hex')}`,
      Buffer.alloc(512 * 1024),
    );
    await target.snapshots.startImport({ ...importInput(key), description: text, tags }, never);
    await target.snapshots.tag([imageId, snapshotId], tags, never);
    await started.writer.abort();
  },
);

test('an AMI of 78 volumes is registered under names that EC2 has; VM Import takes 21', async () => {
  const imageId = await target.images.register(imageInput('many', linux, ...Array<string>(77).fill(data)), never);
  const { volumes } = await target.instances.image(imageId, never);
  expect(new Set(volumes.map(({ device }) => device)).size).toBe(78);
  const input = { ...imageInput('unused', ...Array<string>(22).fill(linux)), token: 'many', tags: {} };
  const taskId = await target.images.startImport({ ...input, platform: 'Linux', license: 'byol' }, never);
  expect((await ended(target.images, taskId)).message).toContain('more than 21 volumes');
});
