// The lab's vCenter against pyvmomi, the client that most people's own scripts use: attributes read lazily, views, snapshots,
// both kinds of export byte for byte, changes that read back, and a session that is silent for a minute.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FaultRules } from '../lab/faults/rules.ts';
import { type LabVcenter, startLabVcenter } from '../lab/vcenter/main.ts';
import { defaultWorld } from '../lab/world/default.ts';
import { MiB } from '../lab/world/world.ts';
import { digestOf } from './disk-digest.ts';
import { describeWith, peer } from './installed.ts';
import { output } from './programs.ts';

const LOGIN = { user: 'administrator@vsphere.local', password: 'a <secret> & more' };

describeWith(['python', 'qemu-img'], "the lab's vCenter against pyvmomi", () => {
  let dir: string;
  let lab: LabVcenter;
  let silent: Promise<Record<string, unknown>>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'landfall-pyvmomi-'));
    lab = await startLabVcenter({
      dataDir: join(dir, 'lab'),
      faults: new FaultRules(),
      world: smallDisks(),
      clockScale: 0.1,
      settings: LOGIN,
    });
    // The minute passes beside the other tests.
    silent = script('idle', '60');
    silent.catch(() => undefined);
  });

  afterAll(async () => {
    await silent?.catch(() => undefined);
    await lab?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const script = async (...args: string[]) => {
    const login = ['127.0.0.1', String(lab.port), LOGIN.user, LOGIN.password];
    return JSON.parse(
      await output(peer('python'), [join(import.meta.dirname, 'pyvmomi.py'), ...login, ...args], {}, dir),
    );
  };
  const control = async <T>(call: string, input: unknown): Promise<T> => (await lab.control[call]?.(input)) as T;

  it('logs in, walks a view lazily and by the collector, and finds hosts, pools, datastores and managers', async () => {
    const { vms } = await control<{ vms: { name: string; power: string; memoryMiB: number }[] }>('vms', {});
    expect(await script('look')).toEqual({
      api: '8.0.2.0',
      'wrong password': 'InvalidLogin',
      lazily: {
        VirtualMachine: vms.map(({ name }) => name),
        HostSystem: ['127.0.0.11', '127.0.0.12', '127.0.0.13'],
        Datastore: ['vmfs-prod-01', 'nfs-prod-02', 'vmfs-branch-01'],
        ResourcePool: ['Resources', 'Resources'],
      },
      collected: vms.map(({ name, power, memoryMiB }) => [name, power, memoryMiB]),
      host: [32, 256 * 2 ** 30],
      network: '127.0.0.11',
      pool: [-1, 512 * 2 ** 30, 'Resources'],
      store: ['vmfs-prod-01', ['web-01.vmx', 'web-01.vmsd', 'web-01.nvram', 'web-01.vmdk', 'web-01-flat.vmdk']],
      events: expect.arrayContaining(['vim.event.UserLoginSessionEvent']),
      option: 'localhost',
      licences: ['Evaluation Mode'],
      fields: [],
      counters: 8,
    });
  });

  it('can read every attribute that its own types have of every object', async () => {
    const { objects, read, failed } = await script('every-attribute');
    expect(failed).toEqual([]);
    expect(objects).toBeGreaterThan(60);
    expect(read).toBeGreaterThan(1000);
  });

  it('takes a snapshot, exports it while the guest writes on, and removes it', async () => {
    const { snapshot, tree } = await script('take-snapshot', 'web-01');
    expect(tree).toEqual(['by pyvmomi']);
    await control('write', { vm: 'web-01', offset: 300_000, pattern: 'afterwards ', length: 900_000 });
    const frozen = await control<{ digest: string; capacity: number }>('hash', { vm: 'web-01', snapshot });
    const now = await control<{ digest: string }>('hash', { vm: 'web-01' });
    expect(now.digest).not.toBe(frozen.digest);
    const exported = await script('export-snapshot', 'web-01');
    expect(exported).toEqual({
      files: ['snapshot-0'],
      manifest: true,
      entity: ['VirtualMachine', 'web-01'],
      left: null,
    });
    expect(await decoded('snapshot-0')).toEqual({ digest: frozen.digest, bytes: frozen.capacity });
  });

  it('exports a machine with two disks, once it is off', async () => {
    const exported = await script('export-machine', 'db-01');
    expect(exported).toEqual({
      files: ['machine-0', 'machine-1'],
      manifest: true,
      entity: ['VirtualMachine', 'db-01'],
      'while on': 'InvalidPowerState',
    });
    for (const disk of [0, 1]) {
      const now = await control<{ digest: string; capacity: number }>('hash', { vm: 'db-01', disk });
      expect(await decoded(`machine-${disk}`)).toEqual({ digest: now.digest, bytes: now.capacity });
    }
  });

  it('changes advanced settings that read back, and takes out an image whose drive stays', async () => {
    expect(await script('change', 'app-01')).toEqual({
      settings: 'TRUE',
      image: '[vmfs-prod-01] iso/centos-7-rescue.iso',
      drives: ['RemotePassthroughBackingInfo'],
    });
  });

  it('goes on after a minute of silence, on the same connection', async () => {
    expect(await silent).toEqual({ 'same connection': true, user: LOGIN.user });
  });

  /** What qemu-img makes of a downloaded stream-optimized disk. */
  async function decoded(file: string) {
    const raw = join(dir, `${file}.raw`);
    await output(peer('qemu-img'), ['convert', '-f', 'vmdk', '-O', 'raw', join(dir, file), raw]);
    const found = await digestOf(raw);
    rmSync(raw);
    return found;
  }
});

/** The usual world, with disks that are quick to read whole; of two the second is smaller. */
function smallDisks() {
  const world = defaultWorld();
  for (const { disks } of world.vms) {
    for (const disk of disks) disk.capacityBytes = (disk.unit === 0 ? 160 : 96) * MiB;
  }
  return world;
}
