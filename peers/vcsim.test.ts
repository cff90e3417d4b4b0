// Our vSphere client against vcsim, a vCenter that nobody here wrote: login, a large inventory, snapshot, task, session loss.
// vcsim makes no real disks and answers some methods in its own way, so bytes are shown against the lab only.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChangesUnknown, type Source } from '../replication/sources/source.ts';
import { everyPage, faultOf, never, WHOLE } from '../replication/sources/testing-readers.ts';
import { openVsphereSource, probeFingerprint } from '../replication/sources/vsphere/index.ts';
import { readObject } from '../replication/sources/vsphere/properties.ts';
import { VimSession } from '../replication/sources/vsphere/session.ts';
import { element } from '../replication/sources/vsphere/xml/markup.ts';
import { members, requiredText } from '../replication/sources/vsphere/xml/xml-node.ts';
import { describeWith } from './installed.ts';
import { startVcsim, type Vcsim } from './vcsim-process.ts';

const USER = { user: 'landfall', password: 'a <secret> & more' };
// Machines for each of a host and a cluster in each of two datacenters.
const MODEL = ['-dc', '2', '-vm', '125'];
const MACHINES = 500;

describeWith(['vcsim'], 'vSphere source against vcsim', () => {
  let vcsim: Vcsim;
  let url: string;
  let fingerprint: string;
  let source: Source;

  beforeAll(async () => {
    vcsim = await startVcsim(MODEL, USER);
    url = vcsim.url;
    fingerprint = await probeFingerprint(url, never);
    source = openVsphereSource({ url, fingerprint, ...USER });
  });

  afterAll(async () => {
    await source?.close();
    await vcsim?.stop();
  });

  it('logs in with exactly this password, and sees who is there', async () => {
    const wrong = openVsphereSource({ url, fingerprint, ...USER, password: 'wrong' });
    expect((await faultOf(wrong.identify(never))).code).toBe('vcenter-login-refused');
    await wrong.close();
    const { id, version } = await source.identify(never);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(version).toMatch(/^\d+\.\d+/);
    const checks = await source.checkHealth(never);
    expect(checks.filter(({ ok, level }) => !ok && level === 'required').map(({ id: check }) => check)).toEqual(
      // Its hosts have made-up names.
      checks.filter(({ id: check }) => /^dns:(?!127)/.test(check)).map(({ id: check }) => check),
    );
    expect(checks.find(({ id: check }) => check === 'privilege:VApp.Export')?.ok).toBe(true);
  });

  it('switches a server: shut down, powered on, powered off, each found so by a second call', async () => {
    const [server] = (await everyPage(source.inventory(never))).flat();
    const vmId = server?.vmId ?? '';
    for (const [action, power] of [
      ['shut-down', 'off'],
      ['power-on', 'on'],
      ['power-off', 'off'],
      ['power-on', 'on'],
    ] as const) {
      for (let times = 0; times < 2; times += 1) {
        expect(await source.setPower(vmId, action, { deadlineSeconds: 10 }, never)).toEqual({ power, note: null });
        expect((await source.inspect(vmId, never)).power).toBe(power);
      }
    }
    expect((await faultOf(source.setPower('vm-999999', 'power-on', { deadlineSeconds: 10 }, never))).code).toBe(
      'server-gone',
    );
  });

  it(`lists ${MACHINES} servers of two datacenters, page by page`, async () => {
    const pages = await everyPage(source.inventory(never));
    const servers = pages.flat();
    expect(pages.length).toBeGreaterThan(4);
    expect(new Set(servers.map(({ vmId }) => vmId)).size).toBe(MACHINES);
    for (const datacenter of ['DC0', 'DC1']) {
      const inside = servers.filter(({ path }) => path.startsWith(`/Datacenters/${datacenter}/vm/`));
      expect(inside.length).toBe(MACHINES / 2);
    }
    for (const { disks, host, memoryMiB, uuid } of servers) {
      expect(disks.length).toBe(1);
      expect(disks[0]?.capacityBytes).toBeGreaterThan(0);
      expect(disks[0]?.id).not.toBe('');
      expect([host, uuid]).not.toContain('');
      expect(memoryMiB).toBeGreaterThan(0);
    }
  });

  it('goes on when its session is ended by somebody else in the middle of the list', async () => {
    const admin = new VimSession({ url, fingerprint, ...USER });
    const seen: string[] = [];
    let ended = 0;
    for await (const page of source.inventory(never)) {
      seen.push(...page.map(({ vmId }) => vmId));
      if (seen.length === 200) ended = await endOtherSessions(admin);
    }
    await admin.close();
    expect(ended).toBeGreaterThan(0);
    expect(seen.length).toBe(MACHINES);
    expect(new Set(seen).size).toBe(MACHINES);
  });

  it('takes a snapshot once, and removes it by its name', async () => {
    const vmId = (await everyPage(source.inventory(never))).flat()[0]?.vmId ?? '';
    const options = { name: 'landfall <1>', description: 'a & b', quiesce: true, trackChanges: true };
    const snapshot = await source.takeSnapshot(vmId, options, never);
    expect(snapshot.disks.length).toBe(1);
    expect((await source.takeSnapshot(vmId, options, never)).snapshotId).toBe(snapshot.snapshotId);
    const findings = async () => (await source.inspect(vmId, never)).findings.map(({ code }) => code);
    expect(await findings()).toContain('snapshots-present');
    await source.releaseSnapshot(vmId, { id: null, name: options.name }, never);
    await source.releaseSnapshot(vmId, { id: snapshot.snapshotId, name: options.name }, never);
    expect(await findings()).not.toContain('snapshots-present');
  });

  it('says why nothing is known of changes, and where files of datastores are not served', async () => {
    const vmId = (await everyPage(source.inventory(never))).flat()[2]?.vmId ?? '';
    const options = { name: 'changes', description: '', quiesce: false, trackChanges: true };
    const { snapshotId, disks } = await source.takeSnapshot(vmId, options, never);
    expect(disks[0]?.changeId).toBeNull();
    expect(disks[0]?.notTrackedBecause).toMatch(/^[A-Z].*\.$/);
    const asked = source.changedAreas(vmId, snapshotId, disks[0]?.id ?? '', '*', never);
    await expect(asked).rejects.toBeInstanceOf(ChangesUnknown);
    const exported = await source.openExport(vmId, snapshotId, { transport: 'auto', seek: true }, never);
    expect(exported).toMatchObject({ transport: 'nfc', transportWhy: expect.stringContaining('/folder answered 200') });
    await exported.complete();
    await source.releaseSnapshot(vmId, { id: snapshotId, name: options.name }, never);
  });

  it('opens an export and ends it', async () => {
    const vmId = (await everyPage(source.inventory(never))).flat()[1]?.vmId ?? '';
    const options = { name: 'exported', description: '', quiesce: false, trackChanges: false };
    const snapshot = await source.takeSnapshot(vmId, options, never);
    const exported = await source.openExport(vmId, snapshot.snapshotId, WHOLE, never);
    // What it serves is the descriptor's text, no stream-optimized VMDK.
    const fault = await faultOf(exported.openDisk(snapshot.disks[0]?.id ?? '', never));
    expect(['vmdk-invalid', 'export-cut']).toContain(fault.code);
    exported.progress(50);
    await exported.complete();
    await source.releaseExport(exported.exportId, never);
    await source.releaseSnapshot(vmId, { id: snapshot.snapshotId, name: options.name }, never);
  });

  it('says that a server is gone', async () => {
    expect((await faultOf(source.inspect('vm-does-not-exist', never))).code).toBe('server-gone');
  });
});

async function endOtherSessions(admin: VimSession): Promise<number> {
  const { sessionManager } = await admin.content(never);
  const own = await admin.key(never);
  const { properties } = await readObject(admin, sessionManager, ['sessionList'], never);
  const others = members(properties.get('sessionList'))
    .map((session) => requiredText(session, 'key'))
    .filter((key) => key !== own);
  const keys = others.map((key) => element('sessionId', key));
  await admin.call(sessionManager, 'TerminateSession', keys, { signal: never });
  return others.length;
}
