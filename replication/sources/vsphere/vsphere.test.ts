// The vSphere source over the wire, against the lab's vCenter: the contract, and what is vSphere's own.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeSource } from '../contract.ts';
import type { Source } from '../source.ts';
import type { FrozenDisk, SourceHarness } from '../testing-harness.ts';
import { everyPage, faultOf, never, turn, WHOLE } from '../testing-readers.ts';
import { probeFingerprint } from './certificate.ts';
import { type LabHashes, type LabState, startTestLab, type TestLab } from './testing-lab.ts';

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
