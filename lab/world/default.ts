// The world of `npm start`: two datacenters with every kind of server that the console has something to say about.
import { imageVm, tinyGuest } from './image-vms.ts';
import { nic, northern, southern } from './places.ts';
import { seededDisk, type Vm, type World } from './world.ts';

export interface DefaultWorldOptions {
  /** A raw disk image; with it there is one more VM, `tiny-guest`, with this disk. */
  tinyGuestImage?: string;
  /** Any raw disk image; with it there is one more VM with this disk, named after the file. */
  guestImage?: string;
  apiVersion?: string;
}

export function defaultWorld(options: DefaultWorldOptions = {}): World {
  const vms = [...webServers(), ...databases(), ...infrastructure(), ...branch()];
  if (options.tinyGuestImage) vms.push(tinyGuest(options.tinyGuestImage));
  if (options.guestImage) vms.push(imageVm(options.guestImage));
  return {
    instanceUuid: '6f0a3c52-1d4e-4a55-9b7c-2f0d6e1b8a11',
    apiVersion: options.apiVersion ?? '8.0.2.0',
    datacenters: [
      {
        name: 'North',
        folders: ['Production', 'Production/Web', 'Production/Databases', 'Infrastructure'],
        clusters: [
          {
            name: 'production',
            hosts: [
              { name: '127.0.0.11', cpuCores: 32, memoryGiB: 256 },
              { name: '127.0.0.12', cpuCores: 32, memoryGiB: 256 },
            ],
          },
        ],
        datastores: [
          { name: 'vmfs-prod-01', type: 'VMFS', capacityGiB: 4096, freeGiB: 1210 },
          { name: 'nfs-prod-02', type: 'NFS', capacityGiB: 2048, freeGiB: 402 },
        ],
        networks: ['VM Network', 'db-backend'],
      },
      {
        name: 'South',
        folders: ['Branch', 'Legacy'],
        clusters: [{ name: 'branch', hosts: [{ name: '127.0.0.13', cpuCores: 16, memoryGiB: 128 }] }],
        datastores: [{ name: 'vmfs-branch-01', type: 'VMFS', capacityGiB: 1024, freeGiB: 188 }],
        networks: ['VM Network'],
      },
    ],
    vms,
  };
}

function webServers(): Vm[] {
  return [
    northern(
      {
        id: 'vm-101',
        name: 'web-01',
        folder: 'Production/Web',
        guestId: 'debian12_64Guest',
        guestFullName: 'Debian GNU/Linux 12 (64-bit)',
        cpus: 1,
        memoryMiB: 1024,
        annotation: 'Front page, behind the load balancer',
        disks: [seededDisk('web-01', 1, 6)],
      },
      '10.20.1.11',
    ),
    northern(
      {
        id: 'vm-102',
        name: 'web-02',
        folder: 'Production/Web',
        host: '127.0.0.12',
        guestId: 'rhel9_64Guest',
        guestFullName: 'Red Hat Enterprise Linux 9 (64-bit)',
        firmware: 'efi',
        secureBoot: true,
        hardwareVersion: 'vmx-21',
        disks: [seededDisk('web-02', 4, 24)],
      },
      '10.20.1.12',
    ),
    northern(
      {
        id: 'vm-103',
        name: 'app-01',
        folder: 'Production/Web',
        guestId: 'centos7_64Guest',
        guestFullName: 'CentOS 7 (64-bit)',
        iso: { path: 'iso/centos-7-rescue.iso', connected: true },
        vmdkLayout: 'tables-in-front',
        disks: [seededDisk('app-01', 2, 12)],
      },
      '10.20.1.21',
    ),
  ];
}

function databases(): Vm[] {
  return [
    northern(
      {
        id: 'vm-104',
        name: 'db-01',
        folder: 'Production/Databases',
        host: '127.0.0.12',
        guestId: 'ubuntu64Guest',
        guestFullName: 'Ubuntu Linux (64-bit)',
        cpus: 4,
        memoryMiB: 16384,
        nics: [nic('vm-104', 'VM Network', '10.20.2.11'), nic('vm-104', 'db-backend', '10.30.2.11', 1)],
        annotation: 'Orders; the second disk holds the tables',
        disks: [seededDisk('db-01 system', 4, 32), seededDisk('db-01 tables', 8, 40, 1)],
      },
      '10.20.2.11',
    ),
    northern(
      {
        id: 'vm-105',
        name: 'db-02',
        folder: 'Production/Databases',
        datastore: 'nfs-prod-02',
        guestId: 'oracleLinux8_64Guest',
        guestFullName: 'Oracle Linux 8 (64-bit)',
        cpus: 4,
        memoryMiB: 8192,
        vmdkLayout: 'tables-in-front',
        disks: [
          seededDisk('db-02 system', 2, 10),
          { ...seededDisk('db-02 scratch', 4, 8, 1), mode: 'independent_persistent' },
        ],
      },
      '10.20.2.12',
      'db-backend',
    ),
  ];
}

function infrastructure(): Vm[] {
  return [
    northern(
      {
        id: 'vm-106',
        name: 'dc-01',
        folder: 'Infrastructure',
        guestId: 'windows2019srv_64Guest',
        guestFullName: 'Microsoft Windows Server 2019 (64-bit)',
        memoryMiB: 8192,
        hostName: 'dc-01.corp.example',
        disks: [seededDisk('dc-01', 8, 48)],
      },
      '10.20.3.5',
    ),
    northern(
      {
        id: 'vm-107',
        name: 'build-01',
        folder: 'Infrastructure',
        host: '127.0.0.12',
        datastore: 'nfs-prod-02',
        guestId: 'ubuntu64Guest',
        guestFullName: 'Ubuntu Linux (64-bit)',
        cpus: 8,
        memoryMiB: 16384,
        foreignSnapshot: { name: 'before upgrade', description: 'Taken by hand before the upgrade of the compilers' },
        disks: [seededDisk('build-01', 4, 20)],
      },
      '10.20.3.21',
    ),
    northern(
      {
        id: 'vm-108',
        name: 'files-01',
        folder: 'Infrastructure',
        guestId: 'windows2022srvNext_64Guest',
        guestFullName: 'Microsoft Windows Server 2022 (64-bit)',
        firmware: 'efi',
        hardwareVersion: 'vmx-20',
        memoryMiB: 8192,
        disks: [seededDisk('files-01 system', 8, 36), seededDisk('files-01 shares', 8, 44, 1)],
      },
      '10.20.3.31',
    ),
  ];
}

function branch(): Vm[] {
  return [
    southern(
      {
        id: 'vm-201',
        name: 'mail-01',
        folder: 'Branch',
        guestId: 'sles15_64Guest',
        guestFullName: 'SUSE Linux Enterprise 15 (64-bit)',
        disks: [seededDisk('mail-01', 4, 28)],
      },
      '10.40.1.11',
    ),
    southern(
      {
        id: 'vm-202',
        name: 'cache-01',
        folder: 'Branch',
        guestId: 'other5xLinux64Guest',
        guestFullName: 'Other 5.x or later Linux (64-bit)',
        tools: 'notInstalled',
        cpus: 1,
        memoryMiB: 2048,
        nics: [nic('vm-202', 'VM Network', '')],
        disks: [{ ...seededDisk('cache-01', 1, 8), controller: 'nvme' }],
      },
      '',
    ),
    southern(
      {
        id: 'vm-203',
        name: 'legacy-01',
        folder: 'Legacy',
        guestId: 'centos6_64Guest',
        guestFullName: 'CentOS 6 (64-bit)',
        power: 'poweredOff',
        tools: 'notRunning',
        hardwareVersion: 'vmx-10',
        cpus: 1,
        memoryMiB: 2048,
        vmdkLayout: 'tables-in-front',
        disks: [{ ...seededDisk('legacy-01', 2, 14), controller: 'ide' }],
      },
      '10.40.9.2',
    ),
  ];
}
