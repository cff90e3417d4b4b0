// Random data centres for proofs/property.test.ts: a few dozen small servers of many kinds, as the lab takes them.
import fc from 'fast-check';
import { northern } from '../lab/world/places.ts';
import { type Disk, MiB, type Vm, type World } from '../lab/world/world.ts';

const GUESTS = [
  { guestId: 'debian12_64Guest', guestFullName: 'Debian GNU/Linux 12 (64-bit)' },
  { guestId: 'ubuntu64Guest', guestFullName: 'Ubuntu Linux (64-bit)' },
  { guestId: 'rhel9_64Guest', guestFullName: 'Red Hat Enterprise Linux 9 (64-bit)' },
  { guestId: 'sles15_64Guest', guestFullName: 'SUSE Linux Enterprise 15 (64-bit)' },
  { guestId: 'otherGuest64', guestFullName: 'Other (64-bit)' },
  { guestId: 'windows2019srv_64Guest', guestFullName: 'Microsoft Windows Server 2019 (64-bit)' },
] as const;

const DISK = fc.record({
  // Mostly small ones: what takes long is bytes, and what finds mistakes is the number of runs.
  mib: fc.oneof({ weight: 19, arbitrary: fc.integer({ min: 4, max: 7 }) }, fc.integer({ min: 8, max: 63 })),
  // Disks end where they like: within a block, a grain, or at the end of one.
  sectors: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2047 })),
  used: fc.integer({ min: 5, max: 60 }),
  content: fc.constantFrom('seeded', 'seeded', 'incompressible', 'empty'),
});

/** Hardware of version 4 cannot track changes; a vSAN datastore serves no files. */
const MACHINE = fc.record({
  guest: fc.constantFrom(...GUESTS),
  firmware: fc.constantFrom('bios' as const, 'efi' as const),
  hardwareVersion: fc.constantFrom('vmx-19', 'vmx-21', 'vmx-13', 'vmx-10', 'vmx-04'),
  datastore: fc.constantFrom('store-a', 'store-a', 'store-b', 'store-b', 'store-vsan'),
  power: fc.constantFrom('poweredOn' as const, 'poweredOn' as const, 'poweredOn' as const, 'poweredOff' as const),
  tools: fc.constantFrom('running' as const, 'notInstalled' as const),
  vmdkLayout: fc.constantFrom('tables-in-front' as const, 'directory-at-end' as const),
  disks: fc.oneof(
    { weight: 8, arbitrary: fc.tuple(DISK) },
    { weight: 3, arbitrary: fc.tuple(DISK, DISK) },
    { weight: 1, arbitrary: fc.tuple(DISK, DISK, DISK) },
  ),
});

const TRACKING_HARDWARE = 7;

/** The same servers for the same seed: `prop-00`, `prop-01`… */
export function randomWorld(seed: number, servers: number): World {
  return {
    instanceUuid: '8d1f0a76-52b0-4a4e-8f5b-9e5d7c1b2a33',
    apiVersion: '8.0.2.0',
    datacenters: [
      {
        name: 'North',
        folders: ['Servers'],
        clusters: [{ name: 'cluster', hosts: [{ name: '127.0.0.11', cpuCores: 32, memoryGiB: 256 }] }],
        datastores: [
          { name: 'store-a', type: 'VMFS', capacityGiB: 4096, freeGiB: 2000 },
          { name: 'store-b', type: 'NFS', capacityGiB: 4096, freeGiB: 2000 },
          { name: 'store-vsan', type: 'vsan', capacityGiB: 4096, freeGiB: 2000 },
        ],
        networks: ['VM Network'],
      },
    ],
    vms: fc.sample(MACHINE, { seed, numRuns: servers }).map(toVm),
  };
}

export function serverName(index: number): string {
  return `prop-${String(index).padStart(2, '0')}`;
}

function toVm(
  { guest, disks, ...machine }: typeof MACHINE extends fc.Arbitrary<infer M> ? M : never,
  index: number,
): Vm {
  const name = serverName(index);
  return northern(
    {
      id: `vm-${300 + index}`,
      name,
      folder: 'Servers',
      ...guest,
      ...machine,
      disks: disks.map(({ mib, sectors, used, content }, unit): Disk => {
        const capacityBytes = mib * MiB + sectors * 512;
        const bytes = Math.floor((capacityBytes * used) / 100);
        const disk = { controller: 'scsi' as const, unit, capacityBytes, mode: 'persistent' as const };
        const seed = `${name} ${unit}`;
        // The first disk has a partition table, without which VM Import refuses it.
        if (content === 'seeded' || unit === 0)
          return { ...disk, content: { kind: 'seeded', seed, allocatedBytes: bytes } };
        return { ...disk, content: content === 'empty' ? { kind: 'empty' } : { kind: 'incompressible', seed, bytes } };
      }),
    },
    `10.20.1.${index + 1}`,
  );
}

/** The guest's first megabyte is its boot loader, which VM Import looks at. */
export function leastOffset(vm: Vm, disk: number): number {
  return vm.guestId.startsWith('windows') && disk === 0 ? MiB : 0;
}

export function tracksChanges(vm: Vm): boolean {
  return Number(vm.hardwareVersion.slice(4)) >= TRACKING_HARDWARE;
}
