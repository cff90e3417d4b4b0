// The lab's vCenter against govc, VMware's command line: an API client that nobody here wrote must find its way around,
// and what it exports must hold the bytes that the lab froze.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FaultRules } from '../lab/faults/rules.ts';
import { type LabVcenter, startLabVcenter } from '../lab/vcenter/main.ts';
import { digestOf } from './disk-digest.ts';
import { describeWith, peer } from './installed.ts';
import { output, run } from './programs.ts';

const LOGIN = { user: 'administrator@vsphere.local', password: 'a <secret> & more' };

describeWith(['govc', 'qemu-img'], "the lab's vCenter against govc", () => {
  let dir: string;
  let lab: LabVcenter;
  let env: Record<string, string>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'landfall-govc-'));
    lab = await startLabVcenter({
      dataDir: join(dir, 'lab'),
      faults: new FaultRules(),
      clockScale: 0.05,
      settings: LOGIN,
    });
    env = {
      GOVC_URL: lab.url,
      GOVC_USERNAME: LOGIN.user,
      GOVC_PASSWORD: LOGIN.password,
      // By its fingerprint, as somebody with a self-signed certificate would trust it.
      GOVC_TLS_KNOWN_HOSTS: join(dir, 'known-hosts'),
      GOVC_PERSIST_SESSION: 'false',
    };
    const thumbprint = await output(peer('govc'), ['about.cert', '-k', '-thumbprint'], env);
    expect(thumbprint).toContain(lab.fingerprint);
    writeFileSync(env.GOVC_TLS_KNOWN_HOSTS ?? '', thumbprint);
  });

  afterAll(async () => {
    await lab?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const govc = (...args: string[]) => output(peer('govc'), args, env, dir);
  const lines = async (...args: string[]) => (await govc(...args)).trim().split('\n');
  const control = async <T>(call: string, input: unknown): Promise<T> => (await lab.control[call]?.(input)) as T;

  it('says who it is, and refuses a wrong password', async () => {
    const { about } = JSON.parse(await govc('about', '-json'));
    expect(about).toMatchObject({ apiType: 'VirtualCenter', apiVersion: '8.0.2.0', productLineId: 'vpx' });
    const refused = await run(peer('govc'), ['ls'], { ...env, GOVC_PASSWORD: 'wrong' });
    expect(refused.code).not.toBe(0);
    expect(refused.error).toContain('incorrect user name or password');
  });

  it('is walked folder by folder, and searched', async () => {
    expect(await lines('ls', '-l', '/')).toEqual(['/North (Datacenter)', '/South (Datacenter)']);
    expect(await lines('ls', '/North/vm/Production')).toEqual([
      '/North/vm/Production/Web',
      '/North/vm/Production/Databases',
    ]);
    expect(await lines('ls', '-l', '/North/vm/Production/Web')).toContain(
      '/North/vm/Production/Web/app-01 (VirtualMachine)',
    );
    const { vms } = await control<{ vms: { name: string; power: string }[] }>('vms', {});
    const found = async (...args: string[]) =>
      (await lines('find', '/', '-type', 'm', ...args)).map((path) => path.split('/').at(-1)).sort();
    const named = (some: { name: string }[]) => some.map(({ name }) => name).sort();
    expect(await found()).toEqual(named(vms));
    expect(await found('-runtime.powerState', 'poweredOff')).toEqual(
      named(vms.filter(({ power }) => power === 'poweredOff')),
    );
    expect(await lines('find', '/', '-type', 's')).toHaveLength(3);
    expect(await lines('find', '/South', '-type', 'h')).toEqual(['/South/host/branch/127.0.0.13']);
  });

  it('describes a machine, its devices and its datastore', async () => {
    const { virtualMachines } = JSON.parse(await govc('vm.info', '-json', '/North/vm/Production/Databases/db-01'));
    const [vm] = virtualMachines;
    expect(vm.config).toMatchObject({ name: 'db-01', guestId: 'ubuntu64Guest', version: 'vmx-19', firmware: 'bios' });
    expect(vm.config.hardware).toMatchObject({ numCPU: 4, memoryMB: 16384 });
    expect(vm.summary.runtime.powerState).toBe('poweredOn');
    const kinds = await lines('device.ls', '-vm', '/North/vm/Production/Web/app-01');
    expect(kinds.some((line) => /disk-1000-0\s+VirtualDisk\s+2,097,152 KB/.test(line))).toBe(true);
    expect(kinds.some((line) => /cdrom-\d+\s+VirtualCdrom\s+ISO \[vmfs-prod-01\] iso\/centos/.test(line))).toBe(true);
    const { datastores } = JSON.parse(await govc('datastore.info', '-json', '-dc', 'North', 'vmfs-prod-01'));
    expect(datastores[0].summary).toMatchObject({
      type: 'VMFS',
      accessible: true,
      capacity: 4096 * 2 ** 30,
      freeSpace: 1210 * 2 ** 30,
    });
  });

  it('tells of hosts, pools, clusters and the files of datastores', async () => {
    const north = (...args: string[]) => lines(args[0] ?? '', '-dc', 'North', ...args.slice(1));
    const host = ['-host', '127.0.0.11'];
    const { hostSystems } = JSON.parse(await govc('host.info', '-json', '-dc', 'North', '127.0.0.11'));
    expect(hostSystems[0].summary.hardware).toMatchObject({ numCpuCores: 32, memorySize: 256 * 2 ** 30 });
    expect(await north('host.service.ls', ...host)).toContainEqual(expect.stringMatching(/^ntpd\s+on\s+Running/));
    expect(await north('host.vswitch.info', ...host)).toContainEqual(
      expect.stringMatching(/^Portgroup:\s+VM Network, db-backend, Management Network$/),
    );
    expect(await north('host.portgroup.info', ...host)).toContainEqual(expect.stringMatching(/^Name:\s+db-backend$/));
    expect(await north('host.storage.info', ...host)).toContainEqual(expect.stringMatching(/\sdisk\s+4\.0TB\s/));
    const { resourcePools } = JSON.parse(await govc('pool.info', '-json', '/North/host/production/Resources'));
    expect(resourcePools[0].config.cpuAllocation).toMatchObject({ limit: -1, expandableReservation: true });
    expect(await north('cluster.usage', 'production')).toContainEqual(expect.stringMatching(/^CPU capacity:/));
    const files = ['web-01.nvram', 'web-01.vmdk', 'web-01.vmsd', 'web-01.vmx'];
    const listed = await north('datastore.ls', '-ds', 'vmfs-prod-01', 'web-01');
    expect(listed.sort()).toEqual(expect.arrayContaining(files));
    const vmx = await north('datastore.download', '-ds', 'vmfs-prod-01', 'web-01/web-01.vmx', '-');
    expect(vmx).toEqual(
      expect.arrayContaining(['displayName = "web-01"', 'guestOS = "debian12-64"', 'memSize = "1024"']),
    );
  });

  it('changes settings, names, fields and the CD drive, which read back', async () => {
    const vm = '/North/vm/Production/Databases/db-02';
    await govc('vm.change', '-vm', vm, '-e', 'disk.EnableUUID=TRUE', '-annotation', 'a & b');
    expect(await lines('vm.info', '-e', vm)).toContainEqual(expect.stringMatching(/^\s+disk\.EnableUUID:\s+TRUE$/));
    await govc('object.rename', vm, 'db-two');
    await govc('vm.change', '-vm', vm.replace('db-02', 'db-two'), '-name', 'db-02');
    const key = (await govc('fields.add', '-type', 'VirtualMachine', 'owner')).trim();
    await govc('fields.set', key, 'Web & Co', vm);
    expect((await govc('fields.info', vm)).trim()).toMatch(/owner\s+Web & Co$/);
    const drive = ['-vm', '/North/vm/Production/Web/app-01', '-device', 'cdrom-3002'];
    const inside = async () =>
      (await lines('device.info', '-vm', drive[1] ?? '', 'cdrom-3002')).find((line) => line.includes('Summary:'));
    await govc('device.cdrom.eject', ...drive);
    expect(await inside()).toContain('Remote device');
    await govc('device.cdrom.insert', '-dc', 'North', ...drive, '-ds', 'vmfs-prod-01', 'iso/centos-7-rescue.iso');
    expect(await inside()).toContain('ISO [vmfs-prod-01] iso/centos-7-rescue.iso');
  });

  it('tells events, options and counters', async () => {
    const vm = '/South/vm/Legacy/legacy-01';
    await govc('vm.power', '-on', vm);
    await govc('vm.power', '-suspend', vm);
    await govc('vm.power', '-off', vm);
    expect((await lines('events', '-n', '20', vm)).map((line) => line.replace(/^.*\] (\[info\] )?/, ''))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^legacy-01 on 127\.0\.0\.13 in South is powered on/),
        expect.stringMatching(/^legacy-01 on 127\.0\.0\.13 in South is suspended/),
        expect.stringMatching(/^Task: VirtualMachine\.suspend/),
      ]),
    );
    expect(await lines('events', '-type', 'VmSuspendedEvent', '-n', '20')).toHaveLength(1);
    expect(await lines('option.ls', 'VirtualCenter.FQDN')).toEqual([expect.stringMatching(/^VirtualCenter\.FQDN:\s+/)]);
    const sample = await govc('metric.sample', '-n', '3', '/North/vm/Production/Web/web-01', 'cpu.usage.average');
    expect(sample).toMatch(/^web-01\s+-\s+cpu\.usage\.average\s+(\d+\.\d+,){2}\d+\.\d+\s+%/);
  });

  it('gives single properties and watches for changes', async () => {
    const path = '/South/vm/Legacy/legacy-01';
    expect(await lines('object.collect', '-s', path, 'name', 'runtime.powerState')).toEqual([
      'legacy-01',
      'poweredOff',
    ]);
    // Waits in WaitForUpdatesEx until the value is what is asked for.
    const waiting = govc('object.collect', '-s', path, '-runtime.powerState', 'poweredOn');
    expect(await govc('vm.power', '-on', path)).toContain('OK');
    await waiting;
    expect(await govc('vm.power', '-off', path)).toContain('OK');
    expect(await lines('object.collect', '-s', path, 'runtime.powerState')).toEqual(['poweredOff']);
  });

  it('takes, lists and removes snapshots, and lists its tasks', async () => {
    const vm = '/South/vm/Branch/cache-01';
    await govc('snapshot.create', '-vm', vm, '-m=false', '-d', 'words & <more>', 'first');
    await govc('snapshot.create', '-vm', vm, '-m=false', '-q=false', 'second');
    const tree = JSON.parse(await govc('snapshot.tree', '-vm', vm, '-json'));
    expect(tree).toMatchObject([{ name: 'first', childSnapshotList: [{ name: 'second', current: true }] }]);
    expect(await govc('snapshot.tree', '-vm', vm, '-d')).toContain('words & <more>');
    expect((await run(peer('govc'), ['snapshot.remove', '-vm', vm, 'third'], env)).code).not.toBe(0);
    await govc('snapshot.remove', '-vm', vm, 'first');
    expect(JSON.parse(await govc('snapshot.tree', '-vm', vm, '-json'))).toMatchObject([{ name: 'second' }]);
    const tasks = await lines('tasks', '-n', '20', vm);
    expect(tasks.filter((line) => /^CreateSnapshot\s+cache-01\s+administrator@.*success/.test(line))).toHaveLength(2);
    expect(tasks.filter((line) => /^RemoveSnapshot\s.*success/.test(line))).toHaveLength(1);
    await govc('snapshot.remove', '-vm', vm, '*');
    expect(await control('snapshots', { vm: 'cache-01' })).toEqual({ snapshots: [] });
  });

  for (const [layout, vm] of [
    ['directory-at-end', 'web-01'],
    ['tables-in-front', 'app-01'],
  ] as const) {
    it(`exports a snapshot while the guest writes on; qemu-img reads the frozen bytes (${layout})`, async () => {
      const path = `/North/vm/Production/Web/${vm}`;
      await govc('snapshot.create', '-vm', path, '-m=false', 'frozen');
      const { snapshots } = await control<{ snapshots: { id: string }[] }>('snapshots', { vm });
      for (let block = 0; block < 4; block += 1) {
        await control('write', { vm, offset: block * 900_000, pattern: 'afterwards ', length: 300_000 });
      }
      await govc('export.ovf', '-vm', path, '-snapshot', 'frozen', '-sha', '256', 'exported');
      const vmdk = join(dir, 'exported', vm, `${vm}-disk-0.vmdk`);
      const ovf = readFileSync(join(dir, 'exported', vm, `${vm}.ovf`), 'utf8');
      expect(ovf).toContain(`ovf:href="${vm}-disk-0.vmdk"`);
      await output(peer('qemu-img'), ['check', '-f', 'vmdk', vmdk]);
      const raw = join(dir, `${vm}.raw`);
      await output(peer('qemu-img'), ['convert', '-f', 'vmdk', '-O', 'raw', vmdk, raw]);
      const frozen = await control<{ digest: string; capacity: number }>('hash', { vm, snapshot: snapshots[0]?.id });
      const now = await control<{ digest: string }>('hash', { vm });
      expect(await digestOf(raw)).toEqual({ digest: frozen.digest, bytes: frozen.capacity });
      expect(now.digest).not.toBe(frozen.digest);
      expect(await lines('tasks', '-n', '20', path)).toContainEqual(expect.stringMatching(/^ExportSnapshot.*success/));
      await govc('snapshot.remove', '-vm', path, 'frozen');
    });
  }
});
