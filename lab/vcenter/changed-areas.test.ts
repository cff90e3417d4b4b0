import { expect, test } from 'vitest';
import { MiB } from '../world/world.ts';
import { smallWorld, startTestVcenter, type TestVcenter } from './testing-client.ts';

const GRAIN = 65_536;
const CAPACITY = 48 * MiB;

/** Tracking on, and one snapshot taken and removed: its change id is where deltas begin. */
async function baseline(lab: TestVcenter, vm = 'vm-1'): Promise<string> {
  await lab.client.enableTracking(vm);
  const snapshot = await lab.client.snapshot(vm, 'baseline');
  const [{ changeId }] = (await lab.client.backings(snapshot)) as [{ changeId: string }];
  await lab.client.removeSnapshot(snapshot);
  return changeId;
}

const grainsOf = (areas: readonly (readonly [number, number])[]) =>
  areas.flatMap(([start, length]) =>
    Array.from(
      { length: Math.ceil((start + length) / GRAIN) - Math.floor(start / GRAIN) },
      (_, index) => Math.floor(start / GRAIN) + index,
    ),
  );

test('change ids are there once tracking was asked for and a stun came, and identity stays', async () => {
  await using lab = await startTestVcenter();
  const before = await lab.client.snapshot('vm-2');
  const [first] = await lab.client.backings(before);
  expect(first.changeId).toBeUndefined();
  await expect(lab.client.changedAreas('vm-2', before, '*')).rejects.toMatchObject({ code: 'FileFault' });
  await lab.client.removeSnapshot(before);

  await lab.client.enableTracking('vm-2');
  expect(await lab.control('tracking', { vm: 'vm-2' })).toMatchObject({ enabled: true, active: false });
  const one = await lab.client.snapshot('vm-2');
  const [zero, other] = await lab.client.backings(one);
  for (const { changeId } of [zero, other])
    expect(changeId).toMatch(/^52( [0-9a-f]{2}){7}-[0-9a-f]{2}( [0-9a-f]{2}){7}\/1$/);
  expect(zero.changeId.split('/')[0]).not.toBe(other.changeId.split('/')[0]);
  await lab.client.removeSnapshot(one);
  const two = await lab.client.snapshot('vm-2');
  const [again] = await lab.client.backings(two);
  expect(again.changeId).toBe(`${zero.changeId.split('/')[0]}/2`);
  expect([again.uuid, again.diskObjectId, again.key]).toEqual([first.uuid, first.diskObjectId, first.key]);

  await lab.client.removeSnapshot(two);
  await lab.client.enableTracking('vm-2', false);
  const off = await lab.client.snapshot('vm-2');
  expect((await lab.client.backings(off))[0].changeId).toBeUndefined();
});

test('where the setting says so, the first snapshot only stuns and has no change id; power on is a stun too', async () => {
  await using lab = await startTestVcenter({ settings: { trackingNeedsSecondStun: true } });
  await lab.client.enableTracking('vm-1');
  const first = await lab.client.snapshot('vm-1');
  expect((await lab.client.backings(first))[0].changeId).toBeUndefined();
  await lab.client.removeSnapshot(first);
  const second = await lab.client.snapshot('vm-1');
  expect((await lab.client.backings(second))[0].changeId).toMatch(/\/1$/);

  await lab.client.enableTracking('vm-2');
  await lab.client.task('PowerOffVM_Task', 'VirtualMachine', 'vm-2');
  await lab.client.task('PowerOnVM_Task', 'VirtualMachine', 'vm-2');
  expect(await lab.control('tracking', { vm: 'vm-2' })).toMatchObject({ active: true });
});

test('changes are writes, zeroings and trims since the id, to the grain, and survive a restart', async () => {
  await using lab = await startTestVcenter();
  const base = await baseline(lab);
  await lab.control('write', { vm: 'vm-1', offset: 3 * GRAIN - 1, text: 'ab' });
  await lab.control('zero', { vm: 'vm-1', offset: 10 * GRAIN, length: 2 * GRAIN });
  await lab.control('trim', { vm: 'vm-1', offset: 100 * GRAIN, length: GRAIN });
  await lab.restart();
  await lab.control('write', { vm: 'vm-1', offset: CAPACITY - 1, text: 'z' });
  const snapshot = await lab.client.snapshot('vm-1');
  await lab.control('write', { vm: 'vm-1', offset: 200 * GRAIN, text: 'later' });
  const expected = [
    [2 * GRAIN, 2 * GRAIN],
    [10 * GRAIN, 2 * GRAIN],
    [100 * GRAIN, GRAIN],
    [CAPACITY - GRAIN, GRAIN],
  ];
  expect(await lab.client.changedAreas('vm-1', snapshot, base)).toEqual({
    startOffset: 0,
    length: CAPACITY,
    areas: expected,
  });
  await lab.restart();
  expect((await lab.client.changedAreas('vm-1', snapshot, base)).areas).toEqual(expected);
  const own = (await lab.client.backings(snapshot))[0].changeId;
  expect((await lab.client.changedAreas('vm-1', snapshot, own)).areas).toEqual([]);
  await lab.client.removeSnapshot(snapshot);
  const next = await lab.client.snapshot('vm-1');
  expect((await lab.client.changedAreas('vm-1', next, own)).areas).toEqual([[200 * GRAIN, GRAIN]]);
});

test('pages may be short and empty, and together tell the same', async () => {
  await using lab = await startTestVcenter();
  const base = await baseline(lab);
  const work = await lab.control('guest-work', { vm: 'vm-1', seed: 'pages', operations: 12, maxBytes: 300_000 });
  expect(new Set(work.done.map((one: { do: string }) => one.do)).size).toBe(3);
  const snapshot = await lab.client.snapshot('vm-1');
  const all = () => lab.client.allChangedAreas('vm-1', snapshot, base, CAPACITY);
  const whole = await all();
  expect(whole.pages).toBe(1);
  await lab.control('settings', { changedAreasPerPage: 2 });
  const few = await all();
  expect(few.areas).toEqual(whole.areas);
  expect(few.pages).toBeGreaterThan(whole.areas.length / 2);
  await lab.control('settings', { changedAreasPageBytes: 5 * GRAIN, changedAreasSeed: 'short' });
  const short = await all();
  expect(grainsOf(short.areas)).toEqual(grainsOf(whole.areas));
  expect(short.pages).toBeGreaterThan(CAPACITY / (5 * GRAIN));
  expect(short.empty).toBeGreaterThan(10);
});

test('false positives add, never leave out, and are the same for the same seed', async () => {
  await using lab = await startTestVcenter();
  const base = await baseline(lab);
  await lab.control('write', { vm: 'vm-1', offset: 7 * GRAIN, text: 'x' });
  const snapshot = await lab.client.snapshot('vm-1');
  await lab.control('settings', { changedAreasFalsePercent: 10, changedAreasSeed: 'false' });
  const grains = async () => grainsOf((await lab.client.changedAreas('vm-1', snapshot, base)).areas);
  const found = await grains();
  expect(found).toContain(7);
  expect(found.length).toBeGreaterThan(30);
  expect(found.length).toBeLessThan(150);
  expect(await grains()).toEqual(found);
});

test('`*` gives what is allocated, or everything, or fails', async () => {
  await using lab = await startTestVcenter();
  await lab.client.enableTracking('vm-1');
  await lab.control('trim', { vm: 'vm-1', offset: 0, length: GRAIN });
  const snapshot = await lab.client.snapshot('vm-1');
  const { areas } = await lab.client.changedAreas('vm-1', snapshot, '*');
  const bytes = areas.reduce((sum, [, length]) => sum + length, 0);
  expect(areas[0]![0]).toBeGreaterThan(0);
  expect(bytes).toBeGreaterThan(MiB);
  expect(bytes).toBeLessThan(4 * MiB);
  await lab.control('settings', { changedAreasOfStar: 'everything' });
  expect((await lab.client.changedAreas('vm-1', snapshot, '*', 512)).areas).toEqual([[512, CAPACITY - 512]]);
  await lab.control('settings', { changedAreasOfStar: 'fails' });
  await expect(lab.client.changedAreas('vm-1', snapshot, '*')).rejects.toMatchObject({ code: 'FileFault' });
});

test('what cannot be answered is refused', async () => {
  await using lab = await startTestVcenter();
  const base = await baseline(lab);
  const snapshot = await lab.client.snapshot('vm-1');
  const own = (await lab.client.backings(snapshot))[0].changeId as string;
  const refused = async (code: string, ...args: Parameters<typeof lab.client.changedAreas>) =>
    expect(lab.client.changedAreas(...args)).rejects.toMatchObject({ code });
  await refused('InvalidArgument', 'vm-1', snapshot, base, CAPACITY);
  await refused('InvalidArgument', 'vm-1', snapshot, base, -1);
  await refused('InvalidArgument', 'vm-1', snapshot, base, 0, 2007);
  await refused('InvalidArgument', 'vm-2', snapshot, base);
  await refused('InvalidPowerState', 'vm-1', undefined, base);
  const [uuid, number] = own.split('/');
  await refused('FileFault', 'vm-1', snapshot, `${uuid}/${Number(number) + 1}`);
  await refused('FileFault', 'vm-1', snapshot, `${uuid}/0`);
  await refused('FileFault', 'vm-1', snapshot, 'nonsense');
  await lab.control('privileges', { missing: ['VirtualMachine.Provisioning.DiskRandomRead'] });
  await refused('NoPermission', 'vm-1', snapshot, base);
  await lab.control('privileges', { missing: [] });

  await lab.control('reset-tracking', { vm: 'vm-1' });
  expect((await lab.client.changedAreas('vm-1', snapshot, base)).areas).toEqual([]);
  await lab.client.removeSnapshot(snapshot);
  const after = await lab.client.snapshot('vm-1');
  const fresh = (await lab.client.backings(after))[0].changeId as string;
  expect(fresh).not.toContain(uuid);
  expect(fresh).toMatch(/\/1$/);
  await refused('FileFault', 'vm-1', after, base);
  await refused('FileFault', 'vm-1', after, own);

  await lab.client.task('PowerOffVM_Task', 'VirtualMachine', 'vm-1');
  expect((await lab.client.changedAreas('vm-1', undefined, fresh)).areas).toEqual([]);
});

test('tracking that is enabled while a snapshot exists gives ids and misses writes, until there is no snapshot', async () => {
  await using lab = await startTestVcenter();
  const foreign = await lab.client.snapshot('vm-1', 'foreign');
  await lab.client.enableTracking('vm-1');
  const one = await lab.client.snapshot('vm-1', 'one');
  const [{ changeId }] = (await lab.client.backings(one)) as [{ changeId: string }];
  expect(changeId).toMatch(/\/1$/);
  await lab.client.removeSnapshot(one);
  await lab.control('write', { vm: 'vm-1', offset: 0, text: 'missed' });
  await lab.restart();
  const two = await lab.client.snapshot('vm-1', 'two');
  expect((await lab.client.changedAreas('vm-1', two, changeId)).areas).toEqual([]);
  expect(await lab.control('tracking', { vm: 'vm-1' })).toMatchObject({ blind: true });
  await lab.client.removeSnapshot(two);
  await lab.client.removeSnapshot(foreign);
  await lab.control('write', { vm: 'vm-1', offset: GRAIN, text: 'seen' });
  const three = await lab.client.snapshot('vm-1', 'three');
  expect((await lab.client.changedAreas('vm-1', three, changeId)).areas).toEqual([[GRAIN, GRAIN]]);
});

test('hardware that is too old cannot track', async () => {
  const world = smallWorld();
  world.vms[0]!.hardwareVersion = 'vmx-04';
  await using lab = await startTestVcenter({ world });
  const path = 'capability.changeTrackingSupported';
  expect((await lab.client.properties('VirtualMachine', 'vm-1', path))[path]['#text']).toBe('false');
  await expect(lab.client.enableTracking('vm-1')).rejects.toMatchObject({ code: 'NotSupported' });
});

test('a disk grows only without snapshots, and moves to another datastore without becoming another disk', async () => {
  const world = smallWorld();
  world.datacenters[0]!.datastores.push({ name: 'second', type: 'NFS', capacityGiB: 100, freeGiB: 10 });
  await using lab = await startTestVcenter({ world });
  const base = await baseline(lab);
  const held = await lab.client.snapshot('vm-1');
  const grow = (capacityBytes: number) => lab.control('grow', { vm: 'vm-1', capacityBytes });
  await expect(grow(CAPACITY + MiB)).rejects.toThrow('snapshots');
  const [before] = await lab.client.backings(held);
  const moved = await lab.control('relocate', { vm: 'vm-1', disk: 0, datastore: 'second', name: 'moved' });
  expect(moved.fileNames).toEqual(['[second] alpha/moved-000002.vmdk']);
  expect((await lab.client.backings(held))[0].fileName).toBe('[second] alpha/moved.vmdk');
  await lab.client.removeSnapshot(held);

  await grow(CAPACITY + MiB);
  await lab.control('write', { vm: 'vm-1', offset: CAPACITY + MiB - 1, text: '!' });
  const snapshot = await lab.client.snapshot('vm-1');
  const [after] = await lab.client.backings(snapshot);
  expect([after.uuid, after.diskObjectId, after.key]).toEqual([before.uuid, before.diskObjectId, before.key]);
  expect(after.fileName).toBe('[second] alpha/moved.vmdk');
  const page = await lab.client.changedAreas('vm-1', snapshot, base);
  expect(page).toMatchObject({ length: CAPACITY + MiB, areas: [[CAPACITY + MiB - GRAIN, GRAIN]] });
  const { datastore } = await lab.client.properties('VirtualMachine', 'vm-1', 'datastore');
  expect(datastore.ManagedObjectReference).toHaveLength(2);
  await lab.client.removeSnapshot(snapshot);

  await lab.control('relocate', { vm: 'vm-1', datastore: 'second', resetTracking: true });
  const last = await lab.client.snapshot('vm-1');
  await expect(lab.client.changedAreas('vm-1', last, base)).rejects.toMatchObject({ code: 'FileFault' });
});
