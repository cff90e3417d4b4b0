import { expect, test } from 'vitest';
import { startTestVcenter, type TestVcenter } from './testing-client.ts';

const value = async (lab: TestVcenter, path: string) =>
  (await lab.client.properties('VirtualMachine', 'vm-1', path))[path]['#text'];

test('a removal may leave files behind, which consolidation merges; nothing is lost', async () => {
  await using lab = await startTestVcenter();
  for (const removal of ['leaves-files', 'fails-leaving-files'] as const) {
    await lab.control('vm', { vm: 'vm-1', removal });
    const snapshot = await lab.client.snapshot('vm-1');
    await lab.control('write', { vm: 'vm-1', offset: 0, text: removal });
    const live = await lab.control('hash', { vm: 'vm-1' });
    const removed = lab.client.removeSnapshot(snapshot);
    if (removal === 'leaves-files') await removed;
    else await expect(removed).rejects.toMatchObject({ code: 'GenericVmConfigFault' });
    expect(await value(lab, 'runtime.consolidationNeeded')).toBe('true');
    expect((await lab.control('state')).snapshots).toEqual([]);
    await lab.restart();
    // The next snapshot does not stand on the base disk.
    await lab.control('vm', { vm: 'vm-1', removal: 'consolidates' });
    const next = await lab.client.snapshot('vm-1');
    expect((await lab.client.backings(next))[0].fileName).toMatch(/alpha-00000\d\.vmdk$/);
    await lab.client.removeSnapshot(next);
    expect(await value(lab, 'runtime.consolidationNeeded')).toBe('true');

    await lab.client.task('ConsolidateVMDisks_Task', 'VirtualMachine', 'vm-1');
    expect(await value(lab, 'runtime.consolidationNeeded')).toBe('false');
    const last = await lab.client.snapshot('vm-1');
    expect((await lab.client.backings(last))[0].fileName).toBe('[store] alpha/alpha.vmdk');
    await lab.client.removeSnapshot(last);
    expect(await lab.control('hash', { vm: 'vm-1' })).toEqual(live);
  }
});

test('rules make removal slow or fail with the snapshot still there', async () => {
  await using lab = await startTestVcenter();
  const snapshot = await lab.client.snapshot('vm-1');
  const operation = 'task:RemoveSnapshot_Task';
  const fail = { kind: 'fail', code: 'FileLocked', message: 'Unable to access file since it is locked' } as const;
  lab.faults.add({ side: 'vcenter', operation, match: { vm: 'vm-1' }, count: 1, effect: fail });
  await expect(lab.client.removeSnapshot(snapshot)).rejects.toMatchObject({ code: 'FileLocked' });
  expect((await lab.control('state')).snapshots).toHaveLength(1);
  lab.faults.add({ side: 'vcenter', operation, count: 1, effect: { kind: 'delay', ms: 300 } });
  const began = Date.now();
  await lab.client.removeSnapshot(snapshot);
  expect(Date.now() - began).toBeGreaterThan(290);
});

test('a rule fails quiesced snapshots only', async () => {
  await using lab = await startTestVcenter();
  const effect = { kind: 'fail', code: 'FilesystemQuiesceFault', message: 'Quiescing failed' } as const;
  const match = { vm: 'vm-1', quiesce: 'true' };
  lab.faults.add({ side: 'vcenter', operation: 'task:CreateSnapshot_Task', match, effect });
  await expect(lab.client.snapshot('vm-1')).rejects.toMatchObject({ code: 'FilesystemQuiesceFault' });
  const crash = '<name>crash</name><memory>false</memory><quiesce>false</quiesce>';
  await lab.client.task('CreateSnapshot_Task', 'VirtualMachine', 'vm-1', crash);
  expect((await lab.control('state')).snapshots).toMatchObject([{ name: 'crash' }]);
});

test('a guest accepts its shutdown, refuses it, or never ends', async () => {
  await using lab = await startTestVcenter();
  const shutDown = () => lab.client.call('ShutdownGuest', 'VirtualMachine', 'vm-1');
  await lab.control('vm', { vm: 'vm-1', shutdown: 'refused' });
  await expect(shutDown()).rejects.toMatchObject({ code: 'ToolsUnavailable' });
  await lab.control('vm', { vm: 'vm-1', shutdown: 'never-ends' });
  await shutDown();
  await lab.control('vm', { vm: 'vm-1', shutdown: 'accepted' });
  expect(await value(lab, 'runtime.powerState')).toBe('poweredOn');
  await lab.client.task('PowerOffVM_Task', 'VirtualMachine', 'vm-1');
  await lab.client.task('PowerOnVM_Task', 'VirtualMachine', 'vm-1');
  await shutDown();
  await lab.client.until('VirtualMachine', 'vm-1', 'runtime.powerState', (power) => power === 'poweredOff');
});

test('a machine that was switched off and on while it shut down stays on', async () => {
  await using lab = await startTestVcenter();
  await lab.control('settings', { shutdownMilliseconds: 200 });
  await lab.client.call('ShutdownGuest', 'VirtualMachine', 'vm-1');
  await lab.client.task('PowerOffVM_Task', 'VirtualMachine', 'vm-1');
  await lab.client.task('PowerOnVM_Task', 'VirtualMachine', 'vm-1');
  // The other machine's shutdown begins later: when it is over, so is the first one's.
  await lab.client.call('ShutdownGuest', 'VirtualMachine', 'vm-2');
  await lab.client.until('VirtualMachine', 'vm-2', 'runtime.powerState', (power) => power === 'poweredOff');
  expect(await value(lab, 'runtime.powerState')).toBe('poweredOn');
});
