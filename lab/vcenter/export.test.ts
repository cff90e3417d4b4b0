import { createHash } from 'node:crypto';
import { fetch } from 'undici';
import { expect, test } from 'vitest';
import { smallWorld, startTestVcenter, type TestVcenter, type Xml } from './testing-client.ts';
import { readByRecords, readByTables } from './vmdk/testing-read.ts';

const BLOCK = 524_288;

/** Compares a downloaded disk with the lab's hashes, block by block. */
function expectHashes(disk: Buffer, hashes: Xml): void {
  const listed = new Map<number, string>(hashes.blocks);
  expect(disk.length).toBe(hashes.capacity);
  expect(listed.size).toBeGreaterThan(0);
  for (let index = 0; index < hashes.blockCount; index += 1) {
    const block = Buffer.alloc(BLOCK);
    disk.copy(block, 0, index * BLOCK);
    const hash = createHash('sha256').update(block).digest('hex');
    expect(hash, `block ${index}`).toBe(listed.get(index) ?? hashes.zeroBlock);
  }
}

const disksOf = (urls: Xml[]): Xml[] => urls.filter((one) => one.disk === 'true');
/** Leases that last while a busy machine reads and hashes whole disks. */
const slowly = { settings: { leaseTimeoutSeconds: 120 } };
const state = async (lab: TestVcenter) => await lab.control('state');

test('both layouts carry the bytes of the moment of the snapshot, though the guest writes on', async () => {
  await using lab = await startTestVcenter(slowly);
  for (const [vm, disks] of [
    ['vm-1', 1],
    ['vm-2', 2],
  ] as const) {
    await lab.control('write', { vm, offset: 1_000_000, text: 'before' });
    const snapshot = await lab.client.snapshot(vm);
    const frozen = await lab.control('hash', { vm, snapshot });
    await lab.control('write', { vm, offset: 1_000_000, text: 'after!' });
    await lab.control('write', { vm, disk: disks - 1, offset: 3 * 65_536 - 7, pattern: 'x', length: 5 * 65_536 });
    expect(await lab.control('hash', { vm, snapshot })).toEqual(frozen);
    expect((await lab.control('hash', { vm })).digest).not.toBe(frozen.digest);

    const { lease, urls } = await lab.client.exportSnapshot(snapshot);
    expect(disksOf(urls)).toHaveLength(disks);
    for (const [index, url] of disksOf(urls).entries()) {
      expect(url.url).toMatch(/^https:\/\/\*:\d+\/nfc\//);
      const file = await lab.client.download(url.url);
      await lab.control('write', { vm, disk: index, offset: 0, pattern: 'y', length: 65_536 });
      const { disk } = readByRecords(file);
      expectHashes(disk, await lab.control('hash', { vm, disk: index, snapshot }));
      expect(readByTables(file).equals(disk)).toBe(true);
      if (index === 0) expect(disk.toString('latin1', 1_000_000, 1_000_006)).toBe('before');
    }
    await lab.client.call('HttpNfcLeaseComplete', 'HttpNfcLease', lease);
    await lab.client.removeSnapshot(snapshot);
  }
  expect(await state(lab)).toMatchObject({ snapshots: [], leases: [], tasks: [] });
});

test('several snapshots at once keep each its own moment, and a removed one leaves the others alone', async () => {
  await using lab = await startTestVcenter({ settings: { keepHashes: true } });
  const taken: { snapshot: string; hashes: Xml }[] = [];
  for (const text of ['one', 'two', 'three']) {
    await lab.control('write', { vm: 'vm-1', offset: 70_000, text });
    const snapshot = await lab.client.snapshot('vm-1', text);
    taken.push({ snapshot, hashes: await lab.control('hash', { vm: 'vm-1', snapshot }) });
  }
  await lab.control('write', { vm: 'vm-1', offset: 70_000, text: 'four' });
  await lab.client.removeSnapshot(taken[1]!.snapshot);
  for (const { snapshot, hashes } of taken) expect(await lab.control('hash', { vm: 'vm-1', snapshot })).toEqual(hashes);
  expect(new Set(taken.map(({ hashes }) => hashes.digest)).size).toBe(3);
  const files = async () => {
    const { layoutEx } = await lab.client.properties('VirtualMachine', 'vm-1', 'layoutEx');
    return layoutEx.file.filter((file: Xml) => file.type === 'diskDescriptor').map((file: Xml) => file.name);
  };
  expect(await files()).toEqual(['alpha', 'alpha-000001', 'alpha-000003'].map((name) => `[store] alpha/${name}.vmdk`));
  await lab.client.task('RemoveAllSnapshots_Task', 'VirtualMachine', 'vm-1');
  expect(await files()).toEqual(['[store] alpha/alpha.vmdk']);
  expect((await state(lab)).snapshots).toEqual([]);
  expect(await lab.control('hash', { vm: 'vm-1', snapshot: taken[2]!.snapshot })).toEqual(taken[2]!.hashes);
});

test('without keepHashes a removed snapshot is forgotten', async () => {
  await using lab = await startTestVcenter();
  const snapshot = await lab.client.snapshot('vm-1');
  await lab.client.removeSnapshot(snapshot);
  await expect(lab.control('hash', { vm: 'vm-1', snapshot })).rejects.toThrow('no view');
});

test('a second export, and any other task, is refused while one runs', async () => {
  await using lab = await startTestVcenter();
  const snapshot = await lab.client.snapshot('vm-1');
  const { lease } = await lab.client.exportSnapshot(snapshot);
  const second = lab.client.call('ExportSnapshot', 'VirtualMachineSnapshot', snapshot);
  await expect(second).rejects.toMatchObject({ code: 'TaskInProgress' });
  await expect(lab.client.removeSnapshot(snapshot)).rejects.toMatchObject({ code: 'TaskInProgress' });
  await lab.client.call('HttpNfcLeaseAbort', 'HttpNfcLease', lease);
  await lab.client.removeSnapshot(snapshot);
  await expect(lab.client.call('HttpNfcLeaseComplete', 'HttpNfcLease', lease)).rejects.toMatchObject({
    code: 'InvalidState',
  });
});

test('a lease without progress runs out, with progress it does not', async () => {
  await using lab = await startTestVcenter({ settings: { leaseTimeoutSeconds: 1 } });
  const snapshot = await lab.client.snapshot('vm-1');
  const { lease, info, urls } = await lab.client.exportSnapshot(snapshot);
  expect(info.leaseTimeout).toBe('1');
  const began = Date.now();
  while (Date.now() - began < 1500) {
    await lab.client.call('HttpNfcLeaseProgress', 'HttpNfcLease', lease, '<percent>7</percent>');
  }
  expect((await state(lab)).leases).toMatchObject([{ claimedPercent: 7 }]);
  await lab.client.until('HttpNfcLease', lease, 'state', (value) => value === 'error');
  const { error } = await lab.client.properties('HttpNfcLease', lease, 'error');
  expect(error.fault['@type']).toBe('Timedout');
  await expect(lab.client.download(urls[0].url)).rejects.toThrow('404');
  await lab.client.exportSnapshot(snapshot);
});

test('the recent tasks show how much of the export was really served', async () => {
  await using lab = await startTestVcenter(slowly);
  const snapshot = await lab.client.snapshot('vm-2');
  const { lease, urls } = await lab.client.exportSnapshot(snapshot);
  const exportTask = async () => {
    const { recentTask } = await lab.client.properties('TaskManager', 'TaskManager', 'recentTask');
    for (const { '#text': id } of [recentTask.ManagedObjectReference].flat()) {
      const { info } = await lab.client.properties('Task', id, 'info');
      if (info.name === 'ExportSnapshot') return { state: info.state, progress: info.progress, id };
    }
    throw new Error('No export among the recent tasks');
  };
  expect(await exportTask()).toMatchObject({ state: 'running', progress: '0' });
  // The first disk is 96 of 136 MiB.
  await lab.client.download(urls[0].url);
  await lab.client.call('HttpNfcLeaseProgress', 'HttpNfcLease', lease, '<percent>99</percent>');
  expect(await exportTask()).toMatchObject({ state: 'running', progress: '70' });
  await lab.client.download(urls[1].url);
  const { id, ...last } = await exportTask();
  expect(last).toEqual({ state: 'running', progress: '100' });
  await lab.client.call('HttpNfcLeaseComplete', 'HttpNfcLease', lease);
  await lab.client.taskEnd(id);
});

test('the ISO is listed as no disk, the manifest tells what was sent, the descriptor what it was', async () => {
  await using lab = await startTestVcenter(slowly);
  const snapshot = await lab.client.snapshot('vm-2');
  const { lease, urls, info } = await lab.client.exportSnapshot(snapshot);
  expect(info.entity).toEqual({ '@type': 'VirtualMachine', '#text': 'vm-2' });
  expect(urls.map((one: Xml) => [one.targetId, one.disk])).toEqual([
    ['disk-0.vmdk', 'true'],
    ['disk-1.vmdk', 'true'],
    ['file-2.iso', 'false'],
  ]);
  const iso = await lab.client.download(urls[2].url);
  expect([iso.length, iso.toString('latin1', 32_769, 32_774)]).toEqual([Number(urls[2].fileSize), 'CD001']);
  const file = await lab.client.download(urls[0].url);
  const manifest = await lab.client.call('HttpNfcLeaseGetManifest', 'HttpNfcLease', lease);
  expect(manifest.map((one: Xml) => [one.key, one.size, one.sha1])).toEqual([
    [urls[0].key, String(file.length), createHash('sha1').update(file).digest('hex')],
    [urls[2].key, String(iso.length), createHash('sha1').update(iso).digest('hex')],
  ]);
  const files = [0, 1].map(
    (index) => `<ovfFiles><deviceId>${urls[index].key}</deviceId><path>d${index}.vmdk</path><size>5</size></ovfFiles>`,
  );
  const args = `<obj type="VirtualMachine">vm-2</obj><cdp>${files.join('')}<name>be&amp;ta</name></cdp>`;
  const [{ ovfDescriptor }] = await lab.client.call('CreateDescriptor', 'OvfManager', 'OvfManager', args);
  expect(ovfDescriptor).toContain('<Name>be&amp;ta</Name>');
  expect(ovfDescriptor).toContain('vmw:key="firmware" vmw:value="efi"');
  for (const [file, capacity] of [
    ['file1', 100_663_296],
    ['file2', 41_943_040],
  ]) {
    expect(ovfDescriptor).toMatch(new RegExp(`<Disk ovf:capacity="${capacity}"[^>]*ovf:fileRef="${file}"`));
  }
});

test('rules cut, slow down and refuse the stream, and fail tasks', async () => {
  await using lab = await startTestVcenter();
  const snapshot = await lab.client.snapshot('vm-1');
  const { urls, lease } = await lab.client.exportSnapshot(snapshot);
  const url = urls[0].url.replace('*', '127.0.0.1');
  const rule = { side: 'vcenter', operation: 'nfc:GET', match: { vm: 'vm-1' }, count: 1 } as const;
  lab.faults.add({ ...rule, effect: { kind: 'cut', afterBytes: 100_000 } });
  const cut = await fetch(url, { dispatcher: lab.client.agent });
  let received = 0;
  await expect(
    (async () => {
      for await (const chunk of cut.body!) received += chunk.length;
    })(),
  ).rejects.toThrow('terminated');
  expect(received).toBeLessThanOrEqual(100_000);
  lab.faults.add({ ...rule, effect: { kind: 'fail', code: 'busy', status: 503 } });
  await expect(lab.client.download(url)).rejects.toThrow('503');
  const started = Date.now();
  const whole = await lab.client.download(url);
  lab.faults.add({ ...rule, effect: { kind: 'rate', bytesPerSecond: whole.length * 2 } });
  const quick = Date.now() - started;
  const slowStart = Date.now();
  expect((await lab.client.download(url)).equals(whole)).toBe(true);
  expect(Date.now() - slowStart).toBeGreaterThan(Math.min(450, quick + 300));
  await lab.client.call('HttpNfcLeaseComplete', 'HttpNfcLease', lease);
  lab.faults.add({
    side: 'vcenter',
    operation: 'task:RemoveSnapshot_Task',
    count: 1,
    effect: { kind: 'fail', code: 'FileFault' },
  });
  await expect(lab.client.removeSnapshot(snapshot)).rejects.toMatchObject({ code: 'FileFault' });
  lab.faults.add({
    side: 'vcenter',
    operation: 'RemoveSnapshot_Task',
    match: { vm: 'vm-1' },
    count: 1,
    effect: { kind: 'fail', code: 'InvalidState' },
  });
  await expect(lab.client.removeSnapshot(snapshot)).rejects.toMatchObject({ code: 'InvalidState' });
  await lab.client.removeSnapshot(snapshot);
  expect(lab.faults.list()).toEqual([]);
});

test('an aborted lease cuts what is being downloaded', async () => {
  await using lab = await startTestVcenter();
  const snapshot = await lab.client.snapshot('vm-1');
  const { urls, lease } = await lab.client.exportSnapshot(snapshot);
  lab.faults.add({ side: 'vcenter', operation: 'nfc:GET', effect: { kind: 'rate', bytesPerSecond: 20_000 } });
  const download = expect(lab.client.download(urls[0].url)).rejects.toThrow('terminated');
  await expect.poll(() => lab.faults.list()[0]).toBeDefined();
  await lab.client.call('HttpNfcLeaseAbort', 'HttpNfcLease', lease);
  await download;
});

test('an independent disk takes no part in a snapshot or its export', async () => {
  const world = smallWorld();
  world.vms[1]!.disks[1]!.mode = 'independent_persistent';
  await using lab = await startTestVcenter({ world });
  const snapshot = await lab.client.snapshot('vm-2');
  const { urls } = await lab.client.exportSnapshot(snapshot);
  expect(disksOf(urls).map((one) => one.targetId)).toEqual(['disk-0.vmdk']);
});

test('power, reconfiguration and consolidation', async () => {
  await using lab = await startTestVcenter();
  const value = async (path: string) => (await lab.client.properties('VirtualMachine', 'vm-1', path))[path]['#text'];
  expect(await value('config.changeTrackingEnabled')).toBe('false');
  await lab.client.task(
    'ReconfigVM_Task',
    'VirtualMachine',
    'vm-1',
    '<spec><changeTrackingEnabled>true</changeTrackingEnabled></spec>',
  );
  expect(await value('config.changeTrackingEnabled')).toBe('true');
  const wrong = lab.client.task('ReconfigVM_Task', 'VirtualMachine', 'vm-1', '<spec><uuid>4</uuid></spec>');
  await expect(wrong).rejects.toMatchObject({ code: 'NotSupported' });
  await lab.client.call('ShutdownGuest', 'VirtualMachine', 'vm-1');
  await lab.client.until('VirtualMachine', 'vm-1', 'runtime.powerState', (power) => power === 'poweredOff');
  await expect(lab.client.call('ShutdownGuest', 'VirtualMachine', 'vm-1')).rejects.toMatchObject({
    code: 'InvalidPowerState',
  });
  await lab.client.task('PowerOnVM_Task', 'VirtualMachine', 'vm-1');
  await lab.control('vm', { vm: 'vm-1', tools: 'notRunning', consolidationNeeded: true });
  await expect(lab.client.call('ShutdownGuest', 'VirtualMachine', 'vm-1')).rejects.toMatchObject({
    code: 'ToolsUnavailable',
  });
  expect(await value('runtime.consolidationNeeded')).toBe('true');
  await lab.client.task('ConsolidateVMDisks_Task', 'VirtualMachine', 'vm-1');
  expect(await value('runtime.consolidationNeeded')).toBe('false');
});

test('the newer snapshot call is there from API 6.7 on', async () => {
  const args = '<name>x</name><memory>false</memory>';
  for (const [apiVersion, known] of [
    ['8.0.2.0', true],
    ['6.5', false],
  ] as const) {
    await using lab = await startTestVcenter({ world: { ...smallWorld(), apiVersion } });
    const task = lab.client.task('CreateSnapshotEx_Task', 'VirtualMachine', 'vm-1', args);
    if (known) expect((await task)['#text']).toMatch(/^snapshot-/);
    else await expect(task).rejects.toMatchObject({ code: 'MethodNotFound' });
  }
});
