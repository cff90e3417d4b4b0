// The vSphere source over the wire, against the lab's vCenter: the contract, and what is vSphere's own.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  describeSource,
  everyPage,
  type FrozenDisk,
  faultOf,
  hashBlocks,
  never,
  type SourceHarness,
  turn,
  WHOLE,
} from '../contract.ts';
import type { Source } from '../source.ts';
import { probeFingerprint } from './certificate.ts';
import { startTestLab, type TestLab } from './testing-lab.ts';

interface LabState {
  sessions: number;
  snapshots: { id: string; name: string }[];
  leases: { claimedPercent: number; state: string }[];
  tasks: { name: string }[];
}
type LabHashes = { capacity: number; blocks: [number, string][] };

async function harness(settings: Parameters<typeof startTestLab>[0]): Promise<SourceHarness> {
  const test = await startTestLab(settings);
  const disksOf = (vmId: string) => test.world.vms.find(({ id }) => id === vmId)?.disks ?? [];
  return {
    open: () => test.open(),
    servers: test.world.vms.filter(({ template }) => !template).map(({ name }) => name),
    pathPrefixes: [
      '/Datacenters/East/vm/Apps/',
      '/Datacenters/West/vm/Apps/',
      '/Datacenters/East/vm/Apps/Inner & <odd>/',
    ],
    withTwoDisks: ['vm-201', 'vm-202'],
    seekable: settings?.folderMode === undefined,
    frozenDisks: (vm, snapshot) =>
      Promise.all(
        disksOf(vm).map(async (_, index): Promise<FrozenDisk> => {
          const hashes = await test.control<LabHashes>('hash', { vm, disk: index, snapshot });
          return { capacityBytes: hashes.capacity, blocks: new Map(hashes.blocks) };
        }),
      ),
    guestWrites: async (vm) => {
      for (const [index, { capacityBytes }] of disksOf(vm).entries()) {
        for (const offset of [0, 700_000, capacityBytes - 4096]) {
          await test.control('write', { vm, disk: index, offset, hex: randomBytes(4096).toString('hex') });
        }
      }
    },
    leftovers: async () => {
      const { snapshots, leases, sessions } = await test.control<LabState>('state');
      return { snapshots: snapshots.map(({ name }) => name), exports: leases.length, sessions };
    },
    close: () => test.close(),
  };
}

describeSource('vSphere (vCenter as it writes XML)', () =>
  harness({ guestWritesPerSecond: 5, changedAreasPageBytes: 1_000_000, changedAreasSeed: 'contract' }),
);
describeSource('vSphere (prefixes of vcsim, small pages)', () =>
  harness({ xmlStyle: 'odd-prefixes', pageLimit: 5, folderMode: 'ignores-range' }),
);

describe('vSphere source', () => {
  let test: TestLab;
  let source: Source;
  const state = () => test.control<LabState>('state');
  const servers = async (from: Source) => (await everyPage(from.inventory(never))).flat();

  beforeEach(async () => {
    test = await startTestLab();
    source = test.open();
  });
  afterEach(async () => {
    await source.close();
    const { sessions } = await state();
    await test.close();
    expect(sessions).toBe(0);
  });

  it('says that the password is wrong, and tries it once only', async () => {
    let logins = 0;
    const count = test.faults.take.bind(test.faults);
    test.faults.take = (side, operation, attributes) => {
      if (operation === 'Login') logins += 1;
      return count(side, operation, attributes);
    };
    source = test.open({ password: 'wrong' });
    const faults = await Promise.all([faultOf(source.identify(never)), faultOf(source.inspect('vm-201', never))]);
    expect(faults.map(({ code }) => code)).toEqual(['vcenter-login-refused', 'vcenter-login-refused']);
    expect((await faultOf(source.identify(never))).code).toBe('vcenter-login-refused');
    const checks = await source.checkHealth(never);
    expect(checks.find(({ id }) => id === 'vm-manager-login')).toMatchObject({ ok: false, level: 'required' });
    expect(checks.find(({ id }) => id === 'certificate')?.ok).toBe(true);
    expect(checks.find(({ id }) => id === 'privilege:VApp.Export')?.detail).toMatch(/^Not checked/);
    expect(logins).toBe(1);
  });

  it('tries a refused password again after the pause', async () => {
    source = test.open({ refusedLoginPauseSeconds: 0 });
    await test.control('password', { password: 'other' });
    expect((await faultOf(source.identify(never))).code).toBe('vcenter-login-refused');
    await test.control('password', { password: 'lab' });
    expect((await source.identify(never)).version).toBe('8.0.2');
  });

  it('goes on in a new session when the old one ends in the middle of the list', async () => {
    const seen: string[] = [];
    let pages = 0;
    for await (const page of source.inventory(never)) {
      seen.push(...page.map(({ vmId }) => vmId));
      pages += 1;
      if (pages <= 2) await test.control('expire-sessions');
    }
    expect(pages).toBeGreaterThan(3);
    expect(seen.length).toBe(new Set(seen).size);
    expect(seen.length).toBe(test.world.vms.filter(({ template }) => !template).length);
  });

  it('logs in once for all who lost the session', async () => {
    await source.identify(never);
    await test.control('expire-sessions');
    const found = await Promise.all(Array.from({ length: 6 }, () => source.inspect('vm-201', never)));
    expect(found.every(({ name }) => name === 'both-1')).toBe(true);
    expect((await state()).sessions).toBe(1);
  });

  it('keeps its session alive while nothing happens', async () => {
    await test.control('settings', { sessionIdleSeconds: 0.4 });
    source = test.open({ keepAliveSeconds: 0.1 });
    await source.identify(never);
    const until = Date.now() + 1200;
    for (; Date.now() < until; await turn()) expect((await state()).sessions).toBe(1);
  });

  it('says that vCenter is not there, and works again when it is back', async () => {
    expect((await servers(source)).length).toBeGreaterThan(20);
    await test.control('down');
    expect(await faultOf(source.inspect('vm-201', never))).toMatchObject({ code: 'vcenter-unreachable' });
    const checks = await source.checkHealth(never);
    expect(checks.filter(({ ok }) => ok).map(({ id }) => id)).toEqual(['dns:127.0.0.1']);
    await test.control('up');
    expect((await source.inspect('vm-201', never)).name).toBe('both-1');
    expect((await source.checkHealth(never)).every(({ ok }) => ok)).toBe(true);
  });

  it('sends nothing to a vCenter with another certificate than the trusted one', async () => {
    const other = await startTestLab();
    try {
      expect(await probeFingerprint(test.lab.url, never)).toBe(test.lab.fingerprint);
      source = other.open({ fingerprint: test.lab.fingerprint });
      expect((await faultOf(source.identify(never))).code).toBe('vcenter-certificate-changed');
      const checks = await source.checkHealth(never);
      expect(checks.find(({ id }) => id === 'certificate')).toMatchObject({ ok: false });
      expect(checks.find(({ id }) => id === 'certificate')?.detail).toContain(other.lab.fingerprint);
      expect((await other.control<LabState>('state')).sessions).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('names each missing privilege in its health and in the fault', async () => {
    await test.control('privileges', { missing: ['VApp.Export', 'VirtualMachine.State.RemoveSnapshot'] });
    const failing = (await source.checkHealth(never)).filter(({ ok }) => !ok);
    expect(failing.map(({ id }) => id).sort()).toEqual([
      'privilege:VApp.Export',
      'privilege:VirtualMachine.State.RemoveSnapshot',
    ]);
    expect(failing[0]?.detail).toContain('East, West');
    const snapshot = await source.takeSnapshot(
      'vm-203',
      { name: 'p', description: '', quiesce: true, trackChanges: false },
      never,
    );
    expect(await faultOf(source.openExport('vm-203', snapshot.snapshotId, WHOLE, never))).toMatchObject({
      code: 'vcenter-privilege-missing',
      message: expect.stringContaining('VApp.Export'),
    });
    await test.control('privileges', { missing: [] });
    await source.releaseSnapshot('vm-203', { id: snapshot.snapshotId, name: 'p' }, never);
  });

  it('finds a cut stream out, and reads the disk when it is asked again', async () => {
    const snapshot = await source.takeSnapshot(
      'vm-202',
      { name: 'cut', description: '', quiesce: true, trackChanges: false },
      never,
    );
    const exported = await source.openExport('vm-202', snapshot.snapshotId, WHOLE, never);
    const [disk] = snapshot.disks;
    const hashes = await test.control<LabHashes>('hash', { vm: 'vm-202', disk: 0, snapshot: snapshot.snapshotId });
    for (const afterBytes of [0, 100, 30_000]) {
      test.faults.add({ side: 'vcenter', operation: 'nfc:GET', count: 1, effect: { kind: 'cut', afterBytes } });
      const cut = await faultOf(exported.openDisk(disk?.id ?? '', never).then((reader) => hashBlocks(reader)));
      expect(cut).toMatchObject({ code: 'export-cut', retry: 'now' });
    }
    const reader = await exported.openDisk(disk?.id ?? '', never);
    expect(await hashBlocks(reader)).toEqual(new Map(hashes.blocks));
    await exported.complete();
    await source.releaseSnapshot('vm-202', { id: snapshot.snapshotId, name: 'cut' }, never);
  });

  it('says that a host refused the disk', async () => {
    const snapshot = await source.takeSnapshot(
      'vm-203',
      { name: 'refused', description: '', quiesce: true, trackChanges: false },
      never,
    );
    const exported = await source.openExport('vm-203', snapshot.snapshotId, WHOLE, never);
    const effect = { kind: 'fail', code: 'x', status: 500 } as const;
    test.faults.add({ side: 'vcenter', operation: 'nfc:GET', count: 1, effect });
    expect((await faultOf(exported.openDisk(snapshot.disks[0]?.id ?? '', never))).code).toBe('export-refused');
    await exported.abort('refused');
    await source.releaseSnapshot('vm-203', { id: null, name: 'refused' }, never);
    expect((await state()).snapshots).toEqual([]);
  });

  it('keeps its lease alive longer than its time-out, and tells vCenter the percentage', async () => {
    await test.control('settings', { leaseTimeoutSeconds: 1 });
    const snapshot = await source.takeSnapshot(
      'vm-203',
      { name: 'long', description: '', quiesce: true, trackChanges: false },
      never,
    );
    const exported = await source.openExport('vm-203', snapshot.snapshotId, WHOLE, never);
    exported.progress(41.9);
    await expect.poll(async () => (await state()).leases[0]?.claimedPercent, { interval: 50, timeout: 2000 }).toBe(41);
    const started = Date.now();
    for (; Date.now() - started < 1600; await turn()) {
      expect((await state()).leases).toMatchObject([{ state: 'ready' }]);
    }
    expect(await hashBlocks(await exported.openDisk(snapshot.disks[0]?.id ?? '', never))).not.toEqual(new Map());
    await exported.complete();
    await source.releaseSnapshot('vm-203', { id: snapshot.snapshotId, name: 'long' }, never);
  });

  it('ends a read when vCenter has ended the export, and can begin it again', async () => {
    const snapshot = await source.takeSnapshot(
      'vm-202',
      { name: 'lost', description: '', quiesce: true, trackChanges: false },
      never,
    );
    await test.control('settings', { leaseTimeoutSeconds: 1 });
    const effect = { kind: 'fail', code: 'Timedout' } as const;
    test.faults.add({ side: 'vcenter', operation: 'HttpNfcLeaseProgress', count: 1, effect });
    test.faults.add({
      side: 'vcenter',
      operation: 'nfc:GET',
      count: 1,
      effect: { kind: 'rate', bytesPerSecond: 20_000 },
    });
    const exported = await source.openExport('vm-202', snapshot.snapshotId, WHOLE, never);
    const [disk] = snapshot.disks;
    const lost = await faultOf(exported.openDisk(disk?.id ?? '', never).then((reader) => hashBlocks(reader)));
    expect(lost).toMatchObject({ code: 'export-cut', retry: 'now' });
    await exported.abort('lost');
    const again = await source.openExport('vm-202', snapshot.snapshotId, WHOLE, never);
    expect((await hashBlocks(await again.openDisk(disk?.id ?? '', never))).size).toBeGreaterThan(0);
    await again.complete();
    await source.releaseSnapshot('vm-202', { id: snapshot.snapshotId, name: 'lost' }, never);
  });

  it('keeps the OVF descriptor, and does without it when vCenter refuses it', async () => {
    const snapshot = await source.takeSnapshot(
      'vm-201',
      { name: 'ovf', description: '', quiesce: true, trackChanges: false },
      never,
    );
    const exported = await source.openExport('vm-201', snapshot.snapshotId, WHOLE, never);
    expect(await exported.descriptor(never)).toMatch(/<Envelope[\s\S]*both-1/);
    const effect = { kind: 'fail', code: 'NotSupported' } as const;
    test.faults.add({ side: 'vcenter', operation: 'CreateDescriptor', effect });
    expect(await exported.descriptor(never)).toBeNull();
    await exported.complete();
    await source.releaseSnapshot('vm-201', { id: snapshot.snapshotId, name: 'ovf' }, never);
  });

  it('refuses a second export of a server, and can export it afterwards', async () => {
    const snapshot = await source.takeSnapshot(
      'vm-203',
      { name: 'two', description: '', quiesce: true, trackChanges: false },
      never,
    );
    const first = await source.openExport('vm-203', snapshot.snapshotId, WHOLE, never);
    expect((await faultOf(source.openExport('vm-203', snapshot.snapshotId, WHOLE, never))).code).toBe('export-refused');
    await first.abort('enough');
    await (await source.openExport('vm-203', snapshot.snapshotId, WHOLE, never)).complete();
    await source.releaseSnapshot('vm-203', { id: snapshot.snapshotId, name: 'two' }, never);
  });

  it('waits with the removal until an export that nobody ended has timed out', async () => {
    await test.control('settings', { leaseTimeoutSeconds: 1 });
    const dead = test.open();
    const snapshot = await dead.takeSnapshot(
      'vm-203',
      { name: 'dead', description: '', quiesce: true, trackChanges: false },
      never,
    );
    test.faults.add({
      side: 'vcenter',
      operation: 'HttpNfcLeaseProgress',
      effect: { kind: 'fail', code: 'SystemError' },
    });
    await dead.openExport('vm-203', snapshot.snapshotId, WHOLE, never);
    await dead.close();
    expect((await state()).leases.length).toBe(1);
    await source.releaseSnapshot('vm-203', { id: null, name: 'dead' }, never);
    expect(await state()).toMatchObject({ leases: [], snapshots: [] });
  });

  it('waits for a snapshot that a dead process had begun: to give it back, or to remove it', async () => {
    test.faults.add({ side: 'vcenter', operation: 'task:CreateSnapshot_Task', effect: { kind: 'delay', ms: 300 } });
    const begin = async (name: string) => {
      const stop = new AbortController();
      const dead = test.open();
      const taking = faultOf(
        dead.takeSnapshot('vm-201', { name, description: '', quiesce: true, trackChanges: false }, stop.signal),
      );
      await expect.poll(async () => (await state()).tasks.length, { interval: 5 }).toBe(1);
      stop.abort();
      expect((await taking).code).toBe('cancelled');
      await dead.close();
      expect((await state()).snapshots).toEqual([]);
    };
    await begin('half made');
    await source.releaseSnapshot('vm-201', { id: null, name: 'half made' }, never);
    expect(await state()).toMatchObject({ snapshots: [], tasks: [] });
    await begin('taken over');
    await source.takeSnapshot(
      'vm-201',
      { name: 'taken over', description: '', quiesce: true, trackChanges: false },
      never,
    );
    expect((await state()).snapshots.map(({ name }) => name)).toEqual(['taken over']);
    await source.releaseSnapshot('vm-201', { id: null, name: 'taken over' }, never);
  });

  it('falls back to a crash-consistent snapshot and says why', async () => {
    const bare = await source.takeSnapshot(
      'vm-203',
      { name: 'crash', description: '', quiesce: true, trackChanges: false },
      never,
    );
    expect(bare).toMatchObject({ quiesced: false, notQuiescedBecause: 'VMware Tools is not installed in the guest.' });
    const message = 'An error occurred while quiescing the virtual machine.';
    const effect = { kind: 'fail', code: 'ApplicationQuiesceFault', message } as const;
    test.faults.add({ side: 'vcenter', operation: 'task:CreateSnapshot_Task', count: 1, effect });
    const failed = await source.takeSnapshot(
      'vm-201',
      { name: 'crash', description: '', quiesce: true, trackChanges: false },
      never,
    );
    expect(failed).toMatchObject({ quiesced: false, notQuiescedBecause: expect.stringContaining(message) });
    const off = await source.takeSnapshot(
      'vm-204',
      { name: 'crash', description: '', quiesce: true, trackChanges: false },
      never,
    );
    expect(off).toMatchObject({ quiesced: false, notQuiescedBecause: expect.stringContaining('powered off') });
    expect(off.disks.map(({ order }) => order)).toEqual([0]);
    for (const vm of ['vm-201', 'vm-203', 'vm-204'])
      await source.releaseSnapshot(vm, { id: null, name: 'crash' }, never);
  });

  it('tells a full datastore from other failures of a snapshot', async () => {
    const take = () =>
      faultOf(source.takeSnapshot('vm-201', { name: 'x', description: '', quiesce: true, trackChanges: false }, never));
    const failing = (code: string, message: string) =>
      test.faults.add({
        side: 'vcenter',
        operation: 'task:CreateSnapshot_Task',
        count: 1,
        effect: { kind: 'fail', code, message },
      });
    failing('NoDiskSpace', 'There is not enough space on the datastore.');
    expect((await take()).code).toBe('snapshot-no-space');
    failing('FileLocked', 'Unable to access file since it is locked');
    expect(await take()).toMatchObject({ code: 'snapshot-failed', message: expect.stringContaining('it is locked') });
    expect((await state()).snapshots).toEqual([]);
  });

  it('consolidates when a removal leaves that to do, and says so when it cannot', async () => {
    await source.takeSnapshot('vm-203', { name: 'merge', description: '', quiesce: true, trackChanges: false }, never);
    await test.control('vm', { vm: 'vm-203', consolidationNeeded: true });
    const effect = { kind: 'fail', code: 'FileLocked', message: 'locked' } as const;
    test.faults.add({ side: 'vcenter', operation: 'task:ConsolidateVMDisks_Task', count: 1, effect });
    const release = () => source.releaseSnapshot('vm-203', { id: null, name: 'merge' }, never);
    expect((await faultOf(release())).code).toBe('snapshot-removal-failed');
    expect((await source.inspect('vm-203', never)).findings.map(({ code }) => code)).toContain('consolidation-needed');
    await release();
    expect((await source.inspect('vm-203', never)).findings.map(({ code }) => code)).not.toContain(
      'consolidation-needed',
    );
  });

  it('finds what stands in the way of a server', async () => {
    const codes = async (vm: string) =>
      (await source.inspect(vm, never)).findings.map(({ level, code }) => `${level} ${code}`);
    expect(await codes('vm-201')).toEqual([]);
    expect(await codes('vm-204')).toEqual(['blocking disk-independent']);
    expect(await codes('vm-205')).toEqual(['blocking template']);
    await test.control('vm', { vm: 'vm-203', iso: { path: 'iso/x.iso', connected: true } });
    await test.control('foreign-snapshot', { vm: 'vm-203', name: 'theirs' });
    expect(await codes('vm-203')).toEqual([
      'warning iso-attached',
      'warning snapshots-present',
      'warning tools-not-running',
    ]);
    await test.control('foreign-snapshot', { vm: 'vm-203', name: 'theirs', remove: true });
    await test.control('datastore', { name: 'store East', freeGiB: 4 });
    expect(await codes('vm-201')).toEqual(['blocking datastore-full']);
    await test.control('datastore', { name: 'store East', freeGiB: 12 });
    expect(await codes('vm-201')).toEqual(['warning datastore-low']);
  });

  it('gives up on a vCenter that does not answer when it is told to', async () => {
    await source.identify(never);
    test.faults.add({ side: 'vcenter', operation: 'RetrievePropertiesEx', count: 1, effect: { kind: 'hang' } });
    const stop = new AbortController();
    const waiting = faultOf(source.inspect('vm-201', stop.signal));
    stop.abort();
    expect((await waiting).code).toBe('cancelled');
  });
});
