import { fetch, type RequestInit } from 'undici';
import { expect, test } from 'vitest';
import { MiB } from '../world/world.ts';
import { smallWorld, startTestVcenter, type TestVcenter } from './testing-client.ts';

const CAPACITY = 48 * MiB;
const FLAT = '/folder/alpha/alpha-flat.vmdk?dcPath=East&dsName=store';

async function get(lab: TestVcenter, path: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
  const cookie = lab.client.cookie ? { cookie: lab.client.cookie } : {};
  const response = await fetch(`${lab.vcenter.url}${path}`, {
    dispatcher: lab.client.agent,
    headers: { ...cookie, ...headers },
    ...init,
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}

const folderTraffic = async (lab: TestVcenter) => (await lab.control('requests', { reset: true })).folder;

test('ranges of the frozen parent are what the disk was at the snapshot, and are counted', async () => {
  await using lab = await startTestVcenter();
  await lab.control('write', { vm: 'vm-1', offset: 1_000_000, text: 'before' });
  await lab.client.snapshot('vm-1');
  await lab.control('write', { vm: 'vm-1', offset: 1_000_000, text: 'after!' });
  await lab.control('requests', { reset: true });
  const part = await get(lab, FLAT, { range: 'bytes=1000000-1000005' });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe(`bytes 1000000-1000005/${CAPACITY}`);
  expect(part.bytes.toString()).toBe('before');
  expect(await folderTraffic(lab)).toEqual({ requests: 1, bytes: 6 });
  const end = await get(lab, FLAT, { range: `bytes=${CAPACITY - 3}-${CAPACITY + 10}` });
  expect([end.status, end.bytes.length]).toEqual([206, 3]);
  expect((await get(lab, FLAT, { range: 'bytes=-2' })).bytes).toHaveLength(2);
  const behind = await get(lab, FLAT, { range: `bytes=${CAPACITY}-` });
  expect([behind.status, behind.headers.get('content-range')]).toEqual([416, `bytes */${CAPACITY}`]);
  const head = await get(lab, FLAT, {}, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), head.bytes.length]).toEqual([200, String(CAPACITY), 0]);
  const whole = await get(lab, FLAT);
  expect(whole.bytes).toHaveLength(CAPACITY);
  expect(whole.bytes.toString('latin1', 1_000_000, 1_000_006)).toBe('before');
  expect(await lab.control('requests')).toMatchObject({
    folder: { requests: 4, bytes: 3 + 2 + CAPACITY },
    disks: [{ vm: 'vm-1', disk: 0, transport: 'folder', requests: 4 }],
  });
});

test('with two snapshots the base shows the older one, and the parent of the newer is no flat file', async () => {
  await using lab = await startTestVcenter();
  await lab.control('write', { vm: 'vm-1', offset: 0, text: 'one' });
  const first = await lab.client.snapshot('vm-1', 'one');
  await lab.control('write', { vm: 'vm-1', offset: 0, text: 'two' });
  const second = await lab.client.snapshot('vm-1', 'two');
  const [backing] = await lab.client.backings(second);
  expect(backing.fileName).toBe('[store] alpha/alpha-000001.vmdk');
  const start = { range: 'bytes=0-2' };
  expect((await get(lab, FLAT, start)).bytes.toString()).toBe('one');
  expect((await get(lab, FLAT.replace('alpha-flat', 'alpha-000001-flat'), start)).status).toBe(404);
  const delta = await get(lab, FLAT.replace('alpha-flat', 'alpha-000001-delta'), start);
  expect(delta.headers.get('content-range')).not.toContain(`/${CAPACITY}`);
  expect((await get(lab, FLAT.replace('alpha-flat', 'alpha'))).bytes.toString()).toMatch(/^# Disk DescriptorFile/);
  await lab.client.removeSnapshot(first);
  expect((await get(lab, FLAT, start)).bytes.toString()).toBe('two');
});

test('a running machine without a snapshot holds its file locked; one that is off does not', async () => {
  await using lab = await startTestVcenter();
  expect((await get(lab, FLAT, { range: 'bytes=0-9' })).status).toBe(500);
  await lab.client.task('PowerOffVM_Task', 'VirtualMachine', 'vm-1');
  expect((await get(lab, FLAT, { range: 'bytes=0-9' })).status).toBe(206);
});

test('sessions, passwords and privileges are asked for; names may be escaped twice', async () => {
  const world = smallWorld();
  world.datacenters[0]!.name = 'East & West';
  for (const vm of world.vms) vm.datacenter = 'East & West';
  await using lab = await startTestVcenter({ world });
  await lab.client.snapshot('vm-1');
  const once = FLAT.replace('East', encodeURIComponent('East & West'));
  const twice = FLAT.replace('East', encodeURIComponent(encodeURIComponent('East & West')));
  const range = { range: 'bytes=0-9' };
  expect((await get(lab, once, range)).status).toBe(206);
  expect((await get(lab, twice, range)).status).toBe(206);
  expect((await get(lab, FLAT.replace('East', 'West'), range)).status).toBe(404);
  lab.client.cookie = undefined;
  const basic = (password: string) => ({
    ...range,
    authorization: `Basic ${Buffer.from(`administrator@vsphere.local:${password}`).toString('base64')}`,
  });
  expect((await get(lab, once, range)).status).toBe(401);
  expect((await get(lab, once, basic('wrong'))).status).toBe(401);
  expect((await get(lab, once, basic('lab'))).status).toBe(206);
  await lab.control('privileges', { missing: ['Datastore.FileManagement'] });
  expect((await get(lab, once, basic('lab'))).status).toBe(403);
});

test('each way in which a datastore may serve, for all machines or for one', async () => {
  await using lab = await startTestVcenter();
  await lab.client.snapshot('vm-1');
  const asked = async () => get(lab, FLAT, { range: 'bytes=0-9' });
  await lab.control('vm', { vm: 'vm-1', folderMode: 'ignores-range' });
  const whole = await asked();
  expect([whole.status, whole.bytes.length]).toEqual([200, CAPACITY]);
  await lab.control('vm', { vm: 'vm-1', folderMode: 'wrong-total' });
  const wrong = await asked();
  expect([wrong.status, wrong.bytes.length]).toEqual([206, 10]);
  expect(wrong.headers.get('content-range')).not.toContain(`/${CAPACITY}`);
  for (const [folderMode, status] of [
    ['no-ranges', 416],
    ['locked', 500],
    ['not-found', 404],
    ['ranges', 206],
  ] as const) {
    await lab.control('vm', { vm: 'vm-1', folderMode });
    expect((await asked()).status).toBe(status);
  }
  await lab.client.snapshot('vm-2');
  await lab.control('settings', { folderMode: 'not-found' });
  expect((await get(lab, FLAT.replaceAll('alpha', 'beta'), { range: 'bytes=0-9' })).status).toBe(404);
  expect((await asked()).status).toBe(206);
});

test('vSAN has no flat files', async () => {
  const world = smallWorld();
  world.datacenters[0]!.datastores[0]!.type = 'vsan';
  await using lab = await startTestVcenter({ world });
  await lab.client.snapshot('vm-1');
  expect((await get(lab, FLAT, { range: 'bytes=0-9' })).status).toBe(404);
});

test('rules fail and cut downloads', async () => {
  await using lab = await startTestVcenter();
  await lab.client.snapshot('vm-1');
  const match = { vm: 'vm-1' };
  lab.faults.add({
    side: 'vcenter',
    operation: 'folder:GET',
    match,
    count: 1,
    effect: { kind: 'fail', code: 'x', status: 503 },
  });
  lab.faults.add({
    side: 'vcenter',
    operation: 'folder:GET',
    match,
    skip: 1,
    count: 1,
    effect: { kind: 'cut', afterBytes: 100 },
  });
  const asked = () => get(lab, FLAT, { range: 'bytes=0-999' });
  expect((await asked()).status).toBe(503);
  await expect(asked()).rejects.toThrow();
  expect((await asked()).bytes).toHaveLength(1000);
});
