// Worlds of any size for tests of paging, sorting and speed; the same seed gives the same world.
import { createHash } from 'node:crypto';
import { type Datacenter, seededDisk, type Vm, type World } from './world.ts';

const guests = [
  ['debian12_64Guest', 'Debian GNU/Linux 12 (64-bit)'],
  ['rhel9_64Guest', 'Red Hat Enterprise Linux 9 (64-bit)'],
  ['ubuntu64Guest', 'Ubuntu Linux (64-bit)'],
  ['windows2019srv_64Guest', 'Microsoft Windows Server 2019 (64-bit)'],
  ['windows2022srvNext_64Guest', 'Microsoft Windows Server 2022 (64-bit)'],
  ['sles15_64Guest', 'SUSE Linux Enterprise 15 (64-bit)'],
] as const;
const roles = ['web', 'app', 'db', 'cache', 'mail', 'build', 'files', 'queue'];

/** A world with this many VMs, spread over datacenters of at most 250 VMs with four hosts each. */
export function generateWorld(options: { vms: number; seed: string; apiVersion?: string }): World {
  const pick = (what: string, below: number) =>
    createHash('sha256').update(`${options.seed} ${what}`).digest().readUInt32LE(0) % below;
  const datacenters: Datacenter[] = [];
  for (let index = 0; index * 250 < Math.max(1, options.vms); index += 1) datacenters.push(datacenter(index + 1));
  const vms: Vm[] = [];
  for (let index = 0; index < options.vms; index += 1) {
    const number = Math.floor(index / 250) + 1;
    const role = roles[pick(`role ${index}`, roles.length)]!;
    const [guestId, guestFullName] = guests[pick(`guest ${index}`, guests.length)]!;
    const name = `${role}-${String(index + 1).padStart(4, '0')}`;
    const on = pick(`power ${index}`, 10) > 0;
    vms.push({
      id: `vm-${1001 + index}`,
      name,
      datacenter: `dc-${number}`,
      folder: role,
      host: `127.0.${number}.${1 + pick(`host ${index}`, 4)}`,
      datastore: `vmfs-${number}-${1 + pick(`datastore ${index}`, 2)}`,
      guestId,
      guestFullName,
      firmware: pick(`firmware ${index}`, 4) === 0 ? 'efi' : 'bios',
      cpus: 1 << pick(`cpus ${index}`, 4),
      memoryMiB: 1024 << pick(`memory ${index}`, 5),
      hardwareVersion: 'vmx-19',
      power: on ? 'poweredOn' : 'poweredOff',
      tools: on ? 'running' : 'notRunning',
      hostName: `${name}.corp.example`,
      nics: [
        {
          network: 'VM Network',
          adapter: 'VirtualVmxnet3',
          mac: `00:50:56:${[index >> 16, (index >> 8) & 255, index & 255].map((part) => part.toString(16).padStart(2, '0')).join(':')}`,
          ips: [`10.${number}.${(index >> 8) & 255}.${index & 255}`],
        },
      ],
      disks: Array.from({ length: 1 + pick(`disks ${index}`, 3) }, (_, unit) =>
        seededDisk(`${options.seed} ${index} ${unit}`, 1 + pick(`size ${index} ${unit}`, 8), 2 + unit, unit),
      ),
      vmdkLayout: pick(`layout ${index}`, 2) === 0 ? 'tables-in-front' : 'directory-at-end',
    });
  }
  return {
    instanceUuid: '0d5f5a5e-4d0c-4d7e-8a51-5c1f6f7e0b22',
    apiVersion: options.apiVersion ?? '8.0.2.0',
    datacenters,
    vms,
  };
}

function datacenter(number: number): Datacenter {
  return {
    name: `dc-${number}`,
    folders: roles,
    clusters: [
      {
        name: `cluster-${number}`,
        hosts: [1, 2, 3, 4].map((host) => ({ name: `127.0.${number}.${host}`, cpuCores: 64, memoryGiB: 512 })),
      },
    ],
    datastores: [1, 2].map((index) => ({
      name: `vmfs-${number}-${index}`,
      type: 'VMFS' as const,
      capacityGiB: 16384,
      freeGiB: 6000,
    })),
    networks: ['VM Network'],
  };
}
