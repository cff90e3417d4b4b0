import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { importFault } from './import-tasks.ts';
import {
  another,
  data,
  ended,
  failure,
  faults,
  imageInput,
  importDisk,
  importInput,
  labSays,
  linux,
  MiB,
  never,
  stageDisk,
  target,
  targetForTests,
} from './testing-target.ts';

targetForTests();

test('the same token gives the same task, which is found by it; several tasks are one call', async () => {
  const key = await stageDisk('twice', randomBytes(MiB));
  const first = await target.snapshots.startImport(importInput(key), never);
  expect(await target.snapshots.startImport(importInput(key), never)).toBe(first);
  expect(await target.snapshots.findImportByToken(importInput(key).token, never)).toBe(first);
  expect(await target.snapshots.findImportByToken('never used', never)).toBeNull();
  const second = await target.snapshots.startImport({ ...importInput(key), token: 'another' }, never);
  await labSays('requests', { reset: true });
  const tasks = await target.snapshots.importTasks([first, second], never);
  expect([...tasks.keys()].sort()).toEqual([first, second].sort());
  expect(JSON.stringify(await labSays('requests', { service: 'ec2' }))).toMatch(/DescribeImportSnapshotTasks\W+1\b/);
  const withUnknown = await target.snapshots.importTasks([first, 'import-snap-0123456789abcdef0', second], never);
  expect([...withUnknown.keys()].sort()).toEqual([first, second].sort());
  await Promise.all([ended(target.snapshots, first), ended(target.snapshots, second)]);
});

test('a token that AWS knows gives its task back for the same bytes, however it is described, and never for others', async () => {
  const key = await stageDisk('again', randomBytes(MiB));
  const taskId = await target.snapshots.startImport(importInput(key), never);
  const otherWords = { ...importInput(key), description: 'the same, described by a newer console' };
  expect(await target.snapshots.startImport(otherWords, never)).toBe(taskId);
  const otherBytes = { ...importInput(key), madeOf: 'other bytes under the same key' };
  expect(await failure(target.snapshots.startImport(otherBytes, never))).toMatchObject({
    code: 'made-before',
    message: expect.stringContaining(taskId),
  });
  await ended(target.snapshots, taskId);
});

test('a damaged object fails with the words of AWS', async () => {
  const key = 'landfall/sms-job-1/sms-run-1/damaged.vmdk';
  const upload = await target.staging.startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(randomBytes(MiB), never);
  await upload.complete(never);
  const task = await ended(target.snapshots, await target.snapshots.startImport(importInput(key), never));
  expect(task).toMatchObject({ state: 'failed', snapshotIds: [] });
  expect(task.message).toContain('ClientError');
  expect(importFault('snapshot', task).fault).toMatchObject({
    code: 'import-snapshot-failed',
    cause: expect.stringContaining(task.message),
  });
});

test('an import can be cancelled, also when it is over or unknown', async () => {
  faults.add({ side: 'aws', operation: 'task:ImportSnapshot', effect: { kind: 'rate', bytesPerSecond: 1000 } });
  const key = await stageDisk('cancelled', randomBytes(2 * MiB));
  const taskId = await target.snapshots.startImport(importInput(key), never);
  await target.snapshots.cancelImport(taskId, never);
  expect((await ended(target.snapshots, taskId)).state).toBe('failed');
  await target.snapshots.cancelImport(taskId, never);
  await target.snapshots.cancelImport('import-snap-0123456789abcdef0', never);
});

test('a bucket that does not exist, a role that is missing', async () => {
  const noBucket = await failure(
    target.snapshots.startImport({ ...importInput('landfall/x'), bucket: 'nobody-has-this' }, never),
  );
  expect(noBucket).toMatchObject({ code: 'import-snapshot-failed', cause: expect.stringContaining('nobody-has-this') });
  const noRole = another({ importRole: 'nobody' });
  const refused = await failure(noRole.snapshots.startImport({ ...importInput(`landfall/x`), token: 'role' }, never));
  expect(refused.code).toBe('import-role-missing');
});

test('snapshots are tagged, found and deleted, but not under an AMI', async () => {
  await target.snapshots.tag([linux, data], { 'landfall:set': 'a' }, never);
  expect((await target.snapshots.find({ 'landfall:set': 'a' }, never)).sort()).toEqual([linux, data].sort());
  const imageId = await target.images.register(imageInput('in use', data), never);
  expect(await failure(target.snapshots.delete(data, never))).toMatchObject({
    code: 'snapshot-in-use',
    message: expect.stringMatching(new RegExp(`${data}.*${imageId} \\(in use\\)`)),
  });
  await target.images.deregister(imageId, never);
  await target.images.deregister(imageId, never);
  const spare = await importDisk('spare', randomBytes(MiB));
  await target.snapshots.delete(spare, never);
  await target.snapshots.delete(spare, never);
  expect(await labSays('snapshots')).not.toContainEqual(expect.objectContaining({ id: spare, state: 'completed' }));
});
