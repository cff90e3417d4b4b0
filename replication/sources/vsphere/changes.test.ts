// Change tracking and changed areas, over the wire against the lab's vCenter: where it may be turned on, and every doubt.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DISK_BLOCK_BYTES, type Extent, indexesOf } from '../../model/extent.ts';
import { ChangesUnknown, type Source, type SourceSnapshot } from '../source.ts';
import { faultOf, never } from '../testing-readers.ts';
import { startTestLab, type TestLab } from './testing-lab.ts';

interface Tracking {
  enabled: boolean;
  active: boolean;
  blind: boolean;
}

let test: TestLab;
let source: Source;

beforeEach(async () => {
  test = await startTestLab();
  source = test.open();
});
afterEach(async () => {
  await source.close();
  await test.close();
});

const VM = 'vm-201';
const wish = (name: string, trackChanges = true) => ({ name, description: '', quiesce: false, trackChanges });
const take = (name: string, vm = VM) => source.takeSnapshot(vm, wish(name), never);
const release = (name: string, vm = VM) => source.releaseSnapshot(vm, { id: null, name }, never);
const tracking = (vm = VM) => test.control<Tracking>('tracking', { vm });
const calls = async (method: string) =>
  (await test.control<{ soap: Record<string, number> }>('requests')).soap[method] ?? 0;
const reasons = ({ disks }: SourceSnapshot) => disks.map(({ notTrackedBecause }) => notTrackedBecause);
const snapshotNames = async () =>
  (await test.control<{ snapshots: { name: string }[] }>('state')).snapshots.map(({ name }) => name);

async function until<T>(look: () => Promise<T>, wanted: (seen: T) => boolean): Promise<void> {
  await expect.poll(async () => wanted(await look()), { interval: 5, timeout: 5_000 }).toBe(true);
}

describe('change tracking', () => {
  it('is turned on once, where it was off, and gives a change id for every disk', async () => {
    for (const name of ['first', 'second']) {
      const snapshot = await take(name);
      expect(reasons(snapshot)).toEqual([null, null]);
      for (const { changeId } of snapshot.disks) expect(changeId).toMatch(/\/\d+$/);
      await release(name);
    }
    expect(await tracking()).toEqual(expect.objectContaining({ enabled: true, active: true, blind: false }));
    expect([await calls('ReconfigVM_Task'), await calls('CreateSnapshot_Task')]).toEqual([1, 2]);
  });

  it('takes the snapshot once more when only the first one made tracking begin', async () => {
    await test.control('settings', { trackingNeedsSecondStun: true });
    const snapshot = await take('twice');
    expect(reasons(snapshot)).toEqual([null, null]);
    expect(await snapshotNames()).toEqual(['twice']);
    expect(await calls('CreateSnapshot_Task')).toBe(2);
    expect((await take('twice')).disks).toEqual(snapshot.disks);
    await release('twice');
    await take('third');
    expect(await calls('CreateSnapshot_Task')).toBe(3);
  });

  it('gives up after the second try, and says why', async () => {
    const count = test.faults.take.bind(test.faults);
    test.faults.take = (side, operation, attributes) => {
      // Tracking never begins.
      if (operation === 'task:CreateSnapshot_Task') void test.control('vm', { vm: VM, changeTracking: false });
      return count(side, operation, attributes);
    };
    const words = 'Change tracking is on, but vSphere gives no change id for this disk.';
    expect(reasons(await take('never'))).toEqual([words, words]);
    expect(await calls('CreateSnapshot_Task')).toBe(2);
    expect(await snapshotNames()).toEqual(['never']);
  });

  it('does not remove a snapshot that an earlier try took, though it has no change id', async () => {
    await source.takeSnapshot(VM, wish('found', false), never);
    await test.control('vm', { vm: VM, changeTracking: true });
    expect(reasons(await take('found'))[0]).toContain('gives no change id');
    expect(await calls('RemoveSnapshot_Task')).toBe(0);
  });

  it('is never turned on while a snapshot exists, nor while disks need consolidation', async () => {
    await test.control('foreign-snapshot', { vm: VM, name: 'theirs' });
    expect(reasons(await take('a'))).toEqual(
      Array(2).fill('Change tracking is off, and vSphere must not turn it on while the server has snapshots.'),
    );
    await release('a');
    await test.control('foreign-snapshot', { vm: VM, name: 'theirs', remove: true });
    await test.control('vm', { vm: VM, consolidationNeeded: true });
    expect(reasons(await take('b'))[0]).toBe(
      'Change tracking is off, and vSphere must not turn it on while its disks need consolidation.',
    );
    expect(await calls('ReconfigVM_Task')).toBe(0);
    expect(await tracking()).toMatchObject({ enabled: false });
    await release('b');
    expect(reasons(await take('c'))).toEqual([null, null]);
  });

  it('is turned off again when somebody takes a snapshot in the same moment', async () => {
    const effect = { kind: 'delay', ms: 2_000 } as const;
    test.faults.add({ side: 'vcenter', operation: 'task:ReconfigVM_Task', count: 1, effect });
    const taking = take('ours');
    await until(
      () => test.control<{ tasks: { name: string }[] }>('state'),
      ({ tasks }) => tasks.some(({ name }) => name === 'ReconfigVM_Task'),
    );
    await test.control('foreign-snapshot', { vm: VM, name: 'theirs' });
    const snapshot = await taking;
    expect(reasons(snapshot)[0]).toContain('one was taken just then');
    expect(snapshot.disks.map(({ changeId }) => changeId)).toEqual([null, null]);
    expect(await tracking()).toMatchObject({ enabled: false });
  });

  it('is not trusted when somebody turned it on while a snapshot existed, until that one is gone', async () => {
    await test.control('foreign-snapshot', { vm: VM, name: 'theirs' });
    await test.control('vm', { vm: VM, changeTracking: true });
    const blind = await take('blind');
    expect(await tracking()).toMatchObject({ active: true, blind: true });
    expect(blind.disks.map(({ changeId }) => changeId)).toEqual([null, null]);
    expect(reasons(blind)[0]).toContain('while the server had the snapshot “theirs”');
    expect(reasons(await take('blind'))).toEqual(reasons(blind));
    await release('blind');
    await test.control('foreign-snapshot', { vm: VM, name: 'theirs', remove: true });
    expect(reasons(await take('seeing'))).toEqual([null, null]);
  });

  it('goes on while others keep snapshots, when it was on before them', async () => {
    await take('first');
    await release('first');
    await test.control('foreign-snapshot', { vm: VM, name: 'theirs' });
    expect(reasons(await take('second'))).toEqual([null, null]);
  });

  it('is left as it is when nobody asked for it', async () => {
    const snapshot = await source.takeSnapshot(VM, wish('left', false), never);
    expect(reasons(snapshot)[0]).toBe('Change tracking is off, and this run was not to turn it on.');
    expect(await calls('ReconfigVM_Task')).toBe(0);
  });

  it('names the privilege that is missing, and the snapshot is taken all the same', async () => {
    await test.control('privileges', { missing: ['VirtualMachine.Config.ChangeTracking'] });
    expect(reasons(await take('denied'))[0]).toContain('lacks VirtualMachine.Config.ChangeTracking');
    expect(await snapshotNames()).toEqual(['denied']);
    const check = (await source.checkHealth(never)).find(({ ok }) => !ok);
    expect(check).toMatchObject({ id: 'privilege:VirtualMachine.Config.ChangeTracking', level: 'advice' });
  });

  it('says that vSphere refused it, or that the hardware is too old', async () => {
    const effect = { kind: 'fail', code: 'InvalidState', message: 'not now' } as const;
    test.faults.add({ side: 'vcenter', operation: 'task:ReconfigVM_Task', count: 1, effect });
    expect(reasons(await take('refused'))[0]).toBe('vSphere refused to turn change tracking on: not now');
    const old = await startTestLab({}, (world) => {
      for (const vm of world.vms) vm.hardwareVersion = 'vmx-04';
    });
    const oldSource = old.open();
    try {
      const snapshot = await oldSource.takeSnapshot(VM, wish('old'), never);
      expect(reasons(snapshot)[0]).toBe("The server's virtual hardware (vmx-04) cannot track changes; version 7 can.");
    } finally {
      await oldSource.close();
      await old.close();
    }
  });
});

describe('changed areas', () => {
  let base: SourceSnapshot;
  beforeEach(async () => {
    base = await take('base');
    await release('base');
  });

  const since = (id: string) => base.disks.find((disk) => disk.id === id)?.changeId ?? '';
  const write = (disk: number, offset: number, length = 512) =>
    test.control('write', { vm: VM, disk, offset, pattern: 'x', length });
  const areas = ({ snapshotId, disks }: SourceSnapshot, at = 0, from?: string) => {
    const id = disks[at]?.id ?? '';
    return source.changedAreas(VM, snapshotId, id, from ?? since(id), never);
  };
  const blocks = (extents: readonly Extent[]) => [...indexesOf(extents)];
  const unknown = async (asked: Promise<unknown>): Promise<string> => {
    const error = await asked.then(
      () => new Error('it was answered'),
      (thrown: unknown) => thrown,
    );
    if (error instanceof ChangesUnknown) return error.message;
    throw error;
  };
  const MiB = 1024 * 1024;

  it('survive short pages, and empty ones in the middle', async () => {
    for (const offset of [0, 3 * MiB, 3 * MiB + DISK_BLOCK_BYTES, 23 * MiB + 700_000]) await write(0, offset);
    const next = await take('next');
    const expected = [0, 6, 7, 47];
    expect(blocks(await areas(next))).toEqual(expected);
    expect(await calls('QueryChangedDiskAreas')).toBe(1);
    await test.control('settings', { changedAreasPageBytes: 200_000, changedAreasSeed: 'short' });
    expect(blocks(await areas(next))).toEqual(expected);
    expect(await calls('QueryChangedDiskAreas')).toBeGreaterThan(100);
    await test.control('settings', { changedAreasPageBytes: 0, changedAreasPerPage: 1 });
    expect(blocks(await areas(next))).toEqual(expected);
    expect(blocks(await areas(next, 1))).toEqual([]);
  });

  it('hold everything that changed, false positives beside it', async () => {
    for (const offset of [5 * MiB, 9 * MiB]) await write(1, offset);
    const next = await take('next');
    await test.control('settings', { changedAreasFalsePercent: 5, changedAreasSeed: 'false' });
    const found = blocks(await areas(next, 1));
    expect(found).toEqual(expect.arrayContaining([10, 18]));
    expect(found.length).toBeGreaterThan(2);
  });

  it('go by the identity of a disk when its file was moved and renamed', async () => {
    await write(0, 4 * MiB);
    await test.control('relocate', { vm: VM, disk: 0, name: 'renamed' });
    const next = await take('next');
    expect(next.disks[0]?.id).toBe(base.disks[0]?.id);
    expect(blocks(await areas(next))).toEqual([8]);
  });

  it('go by the identity of disks that changed their places and keys', async () => {
    await write(0, 4 * MiB);
    await write(1, 6 * MiB);
    await source.close();
    await test.restart((vms) => {
      const [first, second] = vms.find(({ vm }) => vm.id === VM)?.vm.disks ?? [];
      if (first && second) [first.unit, second.unit] = [second.unit, first.unit];
    });
    source = test.open();
    const next = await take('next');
    const [first, second] = base.disks;
    expect(next.disks.map(({ id, key }) => [id, key])).toEqual([
      [second?.id, first?.key],
      [first?.id, second?.key],
    ]);
    expect(blocks(await areas(next, 0))).toEqual([12]);
    expect(blocks(await areas(next, 1))).toEqual([8]);
  });

  it('are told to the end of a disk that grew', async () => {
    await test.control('grow', { vm: VM, disk: 1, capacityBytes: 12 * MiB });
    await write(1, 12 * MiB - 512);
    const next = await take('next');
    expect(next.disks[1]?.capacityBytes).toBe(12 * MiB);
    expect(blocks(await areas(next, 1))).toEqual([23]);
  });

  it('are unknown after tracking was begun anew, and vCenter is not even asked', async () => {
    await test.control('reset-tracking', { vm: VM, disk: 0 });
    const next = await take('next');
    expect(await unknown(areas(next))).toBe('Change tracking of this disk was begun anew since the last run.');
    expect(await calls('QueryChangedDiskAreas')).toBe(0);
    expect(blocks(await areas(next, 1))).toEqual([]);
  });

  it('are unknown for a later change id than the snapshot has, and for none', async () => {
    const next = await take('next');
    const [lineage] = since(next.disks[0]?.id ?? '').split('/');
    expect(await unknown(areas(next, 0, `${lineage}/999`))).toContain('was set back');
    expect(await unknown(areas(next, 0, 'nonsense'))).toContain('not of the form');
    const bare = await source.takeSnapshot('vm-203', wish('untracked', false), never);
    const id = bare.disks[0]?.id ?? '';
    expect(await unknown(source.changedAreas('vm-203', bare.snapshotId, id, '*', never))).toContain('did not track');
  });

  it.each([
    ['FileFault', 'vCenter cannot tell what changed since the last run (FileFault'],
    ['InvalidArgument', 'vCenter cannot tell what changed since the last run (InvalidArgument'],
    ['MethodNotFound', 'This vCenter cannot tell what changed (MethodNotFound).'],
    ['NotSupported', 'This vCenter cannot tell what changed (NotSupported).'],
  ])('are unknown when vCenter answers %s', async (code, words) => {
    const next = await take('next');
    const effect = { kind: 'fail', code } as const;
    test.faults.add({ side: 'vcenter', operation: 'QueryChangedDiskAreas', count: 1, effect });
    expect(await unknown(areas(next))).toContain(words);
    expect(blocks(await areas(next))).toEqual([]);
  });

  it('are unknown without the privilege, which is named', async () => {
    const next = await take('next');
    await test.control('privileges', { missing: ['VirtualMachine.Provisioning.DiskRandomRead'] });
    expect(await unknown(areas(next))).toContain('lacks VirtualMachine.Provisioning.DiskRandomRead');
  });

  it('of `*` may be everything, or unknown', async () => {
    const next = await take('next');
    const allocated = blocks(await areas(next, 0, '*'));
    expect(allocated.length).toBeLessThan(48);
    await test.control('settings', { changedAreasOfStar: 'everything' });
    expect(blocks(await areas(next, 0, '*')).length).toBe(48);
    await test.control('settings', { changedAreasOfStar: 'fails' });
    expect(await unknown(areas(next, 0, '*'))).toContain('cannot tell what is allocated');
  });

  it('are asked for again in a new session, and trouble on the way is no doubt about them', async () => {
    await write(0, MiB);
    const next = await take('next');
    await test.control('expire-sessions');
    expect(blocks(await areas(next))).toEqual([2]);
    const effect = { kind: 'fail', code: 'HostNotConnected' } as const;
    test.faults.add({ side: 'vcenter', operation: 'QueryChangedDiskAreas', count: 1, effect });
    expect((await faultOf(areas(next))).code).toBe('esxi-unreachable');
    await test.control('down');
    expect((await faultOf(areas(next))).code).toBe('vcenter-unreachable');
    await test.control('up');
    await release('next');
    expect((await faultOf(areas(next))).retry).toBe('later');
  });
});
