// Exports of the vSphere source over the wire, against the lab's vCenter: cut streams, leases, refusals.
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../source.ts';
import { faultOf, hashBlocks, never, turn, WHOLE } from '../testing-readers.ts';
import { probeFingerprint } from './certificate.ts';
import { type LabHashes, type LabState, startTestLab, type TestLab } from './testing-lab.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

describe('exports of the vSphere source', () => {
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

  it.each(['sha1', 'sha256', 'certificate'] as const)(
    'trusts a host as its lease says it: by %s',
    async (leaseTrust) => {
      const other = await startTestLab({ leaseTrust });
      const from = other.open();
      try {
        const wishes = { name: 'trust', description: '', quiesce: true, trackChanges: false };
        const snapshot = await from.takeSnapshot('vm-203', wishes, never);
        const exported = await from.openExport('vm-203', snapshot.snapshotId, WHOLE, never);
        const { blocks } = await other.control<LabHashes>('hash', { vm: 'vm-203', snapshot: snapshot.snapshotId });
        const reader = await exported.openDisk(snapshot.disks[0]?.id ?? '', never);
        expect(await hashBlocks(reader)).toEqual(new Map(blocks));
        await exported.complete();
        if (leaseTrust === 'certificate') return;
        // And trusts no other: what vCenter says of the host is rewritten, what the host shows is not.
        const wrong = { sha1: 'AA:'.repeat(19), sha256: 'AA:'.repeat(31) }[leaseTrust];
        const find = '<sslThumbprint>[^<]*</sslThumbprint>';
        const effect = { kind: 'rewrite', find, replace: `<sslThumbprint>${wrong}AA</sslThumbprint>` } as const;
        other.faults.add({ side: 'vcenter', operation: 'RetrievePropertiesEx', effect });
        const again = await from.openExport('vm-203', snapshot.snapshotId, WHOLE, never);
        const opening = again.openDisk(snapshot.disks[0]?.id ?? '', never);
        expect((await faultOf(opening)).code).toBe('vcenter-certificate-changed');
        await again.abort('enough');
      } finally {
        await from.close();
        await other.close();
      }
    },
  );

  // A machine without IPv6 has no such address to listen at.
  it.runIf(hasIpv6)('works with a vCenter that is known by an IPv6 address', async () => {
    const other = await startTestLab({}, undefined, '::1');
    const from = other.open();
    try {
      expect(other.lab.url).toMatch(/^https:\/\/\[::1\]:/);
      expect(await probeFingerprint(other.lab.url, never)).toBe(other.lab.fingerprint);
      expect((await from.checkHealth(never)).filter(({ ok }) => !ok)).toEqual([]);
      const wishes = { name: 'v6', description: '', quiesce: true, trackChanges: false };
      const snapshot = await from.takeSnapshot('vm-203', wishes, never);
      const exported = await from.openExport('vm-203', snapshot.snapshotId, WHOLE, never);
      const { blocks } = await other.control<LabHashes>('hash', { vm: 'vm-203', snapshot: snapshot.snapshotId });
      expect(await hashBlocks(await exported.openDisk(snapshot.disks[0]?.id ?? '', never))).toEqual(new Map(blocks));
      await exported.complete();
    } finally {
      await from.close();
      await other.close();
    }
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
    // A host that breaks off before any byte of its answer was seen is away; after that the stream was cut.
    for (const afterBytes of [0, 100, 30_000]) {
      test.faults.add({ side: 'vcenter', operation: 'nfc:GET', count: 1, effect: { kind: 'cut', afterBytes } });
      const cut = await faultOf(exported.openDisk(disk?.id ?? '', never).then((reader) => hashBlocks(reader)));
      expect(cut.retry).toBe('now');
      expect(afterBytes === 0 ? ['esxi-unreachable'] : ['esxi-unreachable', 'export-cut']).toContain(cut.code);
    }
    const reader = await exported.openDisk(disk?.id ?? '', never);
    expect(await hashBlocks(reader)).toEqual(new Map(hashes.blocks));
    await exported.complete();
    await source.releaseSnapshot('vm-202', { id: snapshot.snapshotId, name: 'cut' }, never);
  });

  it('ends the export whose lease never became known, when its answer was lost or its process died', async () => {
    const options = { name: 'lost', description: '', quiesce: true, trackChanges: false };
    const { snapshotId } = await source.takeSnapshot('vm-202', options, never);
    test.faults.add({ side: 'vcenter', operation: 'ExportSnapshot', count: 1, effect: { kind: 'cut', afterBytes: 1 } });
    const exported = await source.openExport('vm-202', snapshotId, WHOLE, never);
    expect((await state()).leases).toHaveLength(1);
    // As the ledger of a process that died before it could write the id down.
    await source.releaseExportsOf('vm-202', never);
    expect((await state()).tasks).toEqual([]);
    await source.releaseExportsOf('vm-202', never);
    await source.releaseExportsOf('vm-999', never);
    await exported.abort('over');
    const again = await source.openExport('vm-202', snapshotId, WHOLE, never);
    // All of Complete's answers are lost, and the lease itself tells that it is done.
    test.faults.add({ side: 'vcenter', operation: 'HttpNfcLeaseComplete', effect: { kind: 'cut', afterBytes: 1 } });
    await again.complete();
    expect((await state()).leases).toEqual([]);
    await source.releaseSnapshot('vm-202', { id: snapshotId, name: 'lost' }, never);
  });

  it('waits for the end of such an export where it may not cancel it', async () => {
    const other = await startTestLab({ leaseTimeoutSeconds: 3 });
    const from = other.open();
    try {
      const options = { name: 'lost', description: '', quiesce: true, trackChanges: false };
      const { snapshotId } = await from.takeSnapshot('vm-202', options, never);
      await other.control('privileges', { missing: ['Global.CancelTask'] });
      other.faults.add({
        side: 'vcenter',
        operation: 'ExportSnapshot',
        count: 1,
        effect: { kind: 'cut', afterBytes: 1 },
      });
      const exported = await from.openExport('vm-202', snapshotId, WHOLE, never);
      expect((await other.control<LabState>('state')).leases).toHaveLength(1);
      await exported.abort('over');
      await from.releaseSnapshot('vm-202', { id: snapshotId, name: 'lost' }, never);
    } finally {
      await from.close();
      await other.close();
    }
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
});
