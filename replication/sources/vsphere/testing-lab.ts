// The lab's vCenter with a small world, for tests of this folder: quick to start, with every kind of trouble at hand.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultRules } from '../../../lab/faults/rules.ts';
import { type LabVcenter, startLabVcenter } from '../../../lab/vcenter/main.ts';
import type { VcenterSettings } from '../../../lab/vcenter/settings.ts';
import { type Disk, MiB, type Vm, type World } from '../../../lab/world/world.ts';
import { openVsphereSource, type VsphereSourceOptions } from './index.ts';

export const LOGIN = { user: 'administrator@vsphere.local', password: 'lab' };

/** What the lab tells of itself, not by the API of vSphere. */
export interface LabState {
  sessions: number;
  snapshots: { id: string; name: string }[];
  leases: { claimedPercent: number; state: string }[];
  tasks: { name: string }[];
}

/** SHA-256 (hex) of each block of a disk that is not zeros. */
export type LabHashes = { capacity: number; blocks: [number, string][] };

export interface TestLab {
  lab: LabVcenter;
  faults: FaultRules;
  world: World;
  open(changes?: Partial<VsphereSourceOptions>): ReturnType<typeof openVsphereSource>;
  control<T = Record<string, unknown>>(call: string, input?: unknown): Promise<T>;
  /** Stops vCenter, changes machines in what it keeps, and starts it at another address. Open a source anew. */
  restart(change: (vms: { vm: Vm }[]) => void): Promise<void>;
  close(): Promise<void>;
}

export async function startTestLab(
  settings: Partial<VcenterSettings> = {},
  changeWorld: (world: World) => void = () => undefined,
  host = '127.0.0.1',
): Promise<TestLab> {
  const dataDir = await mkdtemp(join(tmpdir(), 'landfall-vsphere-'));
  const faults = new FaultRules();
  const world = smallWorld();
  changeWorld(world);
  const start = () => startLabVcenter({ dataDir, host, faults, world, clockScale: 0.02, settings });
  let lab = await start();
  return {
    get lab() {
      return lab;
    },
    faults,
    world,
    open: (changes = {}) =>
      openVsphereSource({ url: lab.url, ...LOGIN, fingerprint: lab.fingerprint, pageSize: 7, ...changes }),
    control: async <T>(call: string, input: unknown = {}) => (await lab.control[call]?.(input)) as T,
    restart: async (change) => {
      await lab.close();
      const path = join(dataDir, 'vcenter.json');
      const state = JSON.parse(await readFile(path, 'utf8')) as { vms: { vm: Vm }[] };
      change(state.vms);
      await writeFile(path, JSON.stringify(state));
      lab = await start();
    },
    close: async () => {
      await lab.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Two datacenters; two servers of two disks, one in each VMDK layout; some more so that there are pages. */
function smallWorld(): World {
  const place = (name: string, host: string) => ({
    name,
    folders: ['Apps', 'Apps/Inner & <odd>'],
    clusters: [{ name: `${name} cluster`, hosts: [{ name: host, cpuCores: 8, memoryGiB: 64 }] }],
    datastores: [{ name: `store ${name}`, type: 'VMFS' as const, capacityGiB: 500, freeGiB: 200 }],
    networks: ['VM Network'],
  });
  const many = Array.from({ length: 24 }, (_, index) =>
    smallVm(`vm-${300 + index}`, `many-${index}`, index % 2 ? 'West' : 'East', [disk(0, 1, `many ${index}`, 0)]),
  );
  return {
    instanceUuid: '0d8b2b7e-6c07-4f0c-9a9f-4a9c1f5a7d11',
    apiVersion: '8.0.2.0',
    datacenters: [place('East', '127.0.0.1'), place('West', 'localhost')],
    vms: [
      {
        ...smallVm('vm-201', 'both-1', 'East', [disk(0, 24, 'a', 6), disk(1, 9.5, 'b', 3)]),
        vmdkLayout: 'tables-in-front',
        folder: 'Apps/Inner & <odd>',
      },
      smallVm('vm-202', 'both-2', 'West', [disk(0, 16, 'c', 4), disk(1, 33.0625, 'd', 8), disk(2, 2, 'e', 0)]),
      { ...smallVm('vm-203', 'bare', 'East', [disk(0, 8, 'f', 2)]), tools: 'notInstalled' },
      {
        ...smallVm('vm-204', 'apart', 'East', [
          disk(0, 8, 'g', 2),
          { ...disk(1, 8, 'h', 2), mode: 'independent_persistent' },
        ]),
        power: 'poweredOff',
      },
      { ...smallVm('vm-205', 'golden', 'East', [disk(0, 8, 'i', 0)]), template: true, power: 'poweredOff' },
      ...many,
    ],
  };
}

function disk(unit: number, mebibytes: number, seed: string, allocatedMiB: number): Disk {
  return {
    controller: 'scsi',
    unit,
    capacityBytes: mebibytes * MiB,
    mode: 'persistent',
    content: { kind: 'seeded', seed, allocatedBytes: allocatedMiB * MiB },
  };
}

function smallVm(id: string, name: string, datacenter: string, disks: Disk[]): Vm {
  return {
    id,
    name,
    datacenter,
    folder: 'Apps',
    host: datacenter === 'East' ? '127.0.0.1' : 'localhost',
    datastore: `store ${datacenter}`,
    guestId: 'debian12_64Guest',
    guestFullName: 'Debian GNU/Linux 12 (64-bit)',
    firmware: 'bios',
    cpus: 2,
    memoryMiB: 1024,
    hardwareVersion: 'vmx-19',
    power: 'poweredOn',
    tools: 'running',
    nics: [
      { network: 'VM Network', adapter: 'VirtualVmxnet3', mac: '00:50:56:01:02:03', ips: ['10.1.2.3', 'fe80::1'] },
    ],
    disks,
    vmdkLayout: 'directory-at-end',
  };
}
