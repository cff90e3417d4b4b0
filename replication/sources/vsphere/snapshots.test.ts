// Snapshots of the vSphere source over the wire, against the lab's vCenter: quiescing, removal, what a dead process left.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../source.ts';
import { faultOf, never, WHOLE } from '../testing-readers.ts';
import { VimSession } from './session.ts';
import { takeSnapshot } from './snapshots.ts';
import { type LabState, LOGIN, startTestLab, type TestLab } from './testing-lab.ts';

describe('snapshots of the vSphere source', () => {
  let test: TestLab;
  let source: Source;
  const state = () => test.control<LabState>('state');

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

  it.each([
    ['GenericVmConfigFault', 'Failed to quiesce the virtual machine.'],
    ['ToolsUnavailable', 'VMware Tools is not running in the guest.'],
    ['Timedout', 'The operation timed out.'],
    ['GenericVmConfigFault', 'Beim Stilllegen der virtuellen Maschine ist ein Fehler aufgetreten.'],
  ])('tries any quiesced snapshot that failed once without, and says so: %s, %s', async (code, message) => {
    const operation = 'task:CreateSnapshot_Task';
    test.faults.add({
      side: 'vcenter',
      operation,
      match: { quiesce: 'true' },
      effect: { kind: 'fail', code, message },
    });
    const wishes = { name: 'q', description: '', quiesce: true, trackChanges: false };
    expect(await source.takeSnapshot('vm-201', wishes, never)).toMatchObject({
      quiesced: false,
      notQuiescedBecause: `The quiesced snapshot failed, so it was taken without quiescing. vSphere says: ${message}`,
    });
    await source.releaseSnapshot('vm-201', { id: null, name: 'q' }, never);
  });

  it('takes one that is quiesced too slowly without quiescing, once vSphere has given it up', async () => {
    const session = new VimSession({ url: test.lab.url, ...LOGIN, fingerprint: test.lab.fingerprint });
    const rule = { side: 'vcenter', operation: 'task:CreateSnapshot_Task', match: { quiesce: 'true' } } as const;
    test.faults.add({ ...rule, effect: { kind: 'delay', ms: 4_500 } });
    test.faults.add({ ...rule, effect: { kind: 'fail', code: 'Timedout', message: 'timed out' } });
    try {
      const wishes = { name: 'q', description: '', quiesce: true, trackChanges: false };
      const times = { takeMs: 3_000, releaseMs: 60_000, busyMs: 60_000 };
      const taken = await takeSnapshot(session, 'vm-201', wishes, never, times);
      expect(taken.notQuiescedBecause).toMatch(/^The quiesced snapshot failed.* still running after 3 s$/);
      await source.releaseSnapshot('vm-201', { id: null, name: 'q' }, never);
    } finally {
      await session.close();
    }
  });

  it('tells a full datastore from other failures of a snapshot', async () => {
    const take = () =>
      faultOf(source.takeSnapshot('vm-201', { name: 'x', description: '', quiesce: true, trackChanges: false }, never));
    const failing = (code: string, message: string, count = 1) =>
      test.faults.add({
        side: 'vcenter',
        operation: 'task:CreateSnapshot_Task',
        count,
        effect: { kind: 'fail', code, message },
      });
    failing('NoDiskSpace', 'There is not enough space on the datastore.');
    expect((await take()).code).toBe('snapshot-no-space');
    // Once quiesced and once without: neither goes through.
    failing('FileLocked', 'Unable to access file since it is locked', 2);
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
});
