// The shape of a pretend data centre: what there is before anybody touches it. Data only; read by lab/vcenter.

export interface World {
  instanceUuid: string;
  /** `8.0.2.0`, `7.0.3.0`, `6.7.3`, `6.5`. */
  apiVersion: string;
  datacenters: Datacenter[];
  vms: Vm[];
}

export interface Datacenter {
  name: string;
  /** Paths of VM folders below `vm`, parents before children: `Production`, `Production/Web`. */
  folders: string[];
  clusters: Cluster[];
  /** vApps by name, in the pool of the first cluster and the top VM folder. */
  vApps?: string[];
  datastores: Datastore[];
  networks: string[];
}

export interface Cluster {
  name: string;
  hosts: EsxiHost[];
}

export interface EsxiHost {
  /** As vCenter shows it. Must resolve to this machine; hosts added by address have the address as their name. */
  name: string;
  cpuCores: number;
  memoryGiB: number;
}

export interface Datastore {
  name: string;
  type: 'VMFS' | 'NFS' | 'vsan';
  capacityGiB: number;
  freeGiB: number;
}

/**
 * `ranges`: 206 as HTTP has it. `ignores-range`: 200 and the whole file. `no-ranges`: 416 to every range. `locked`: 500.
 * `not-found`: 404, as on vSAN. `wrong-total`: 206 with another size than the disk's.
 */
export const folderModes = ['ranges', 'ignores-range', 'no-ranges', 'locked', 'not-found', 'wrong-total'] as const;
export type FolderMode = (typeof folderModes)[number];

export type PowerState = 'poweredOn' | 'poweredOff' | 'suspended';

export interface Vm {
  /** Managed object id: `vm-101`. */
  id: string;
  name: string;
  datacenter: string;
  /** Path below `vm`; empty for the top. */
  folder: string;
  /** The vApp that it is part of; such a machine is in no folder. */
  vApp?: string;
  host: string;
  datastore: string;
  guestId: string;
  guestFullName: string;
  firmware: 'bios' | 'efi';
  secureBoot?: boolean;
  cpus: number;
  memoryMiB: number;
  /** `vmx-19`. */
  hardwareVersion: string;
  power: PowerState;
  tools: 'running' | 'notRunning' | 'notInstalled';
  hostName?: string;
  annotation?: string;
  template?: boolean;
  nics: Nic[];
  disks: Disk[];
  /** Path on the VM's datastore, or on the named one, of an ISO image in the CD drive: `iso/rescue.iso`. */
  iso?: { path: string; connected: boolean; datastore?: string };
  /** A CD drive without an image: the kind of its backing, and the device that this names. */
  emptyDrive?: { backing: string; deviceName: string };
  /** Advanced settings that somebody made: `disk.EnableUUID`. */
  extraConfig?: Record<string, string>;
  /** Folder of its files on the datastore; its name unless it was renamed. */
  home?: string;
  /** A snapshot that somebody took before, not through the product. */
  foreignSnapshot?: { name: string; description: string };
  changeTracking?: boolean;
  /** What becomes of ShutdownGuest; `accepted` unless given. */
  shutdown?: 'accepted' | 'refused' | 'never-ends';
  /** What vSphere asks when the machine is switched on; the power-on waits until nothing is asked any more. */
  question?: string;
  /** What removing a snapshot does to its files, and whether the task fails; `consolidates` unless given. */
  removal?: 'consolidates' | 'leaves-files' | 'fails-leaving-files';
  /** Devices of the host that it holds, or memory that is a device; no snapshot can be taken of such a machine. */
  devices?: ('pci' | 'pci-dynamic' | 'vgpu' | 'sriov' | 'nvdimm')[];
  /** How the files of its disks are served by the datastore; the vCenter's setting unless given. */
  folderMode?: FolderMode;
  /** In which of the two layouts the export of this VM is written. */
  vmdkLayout: 'tables-in-front' | 'directory-at-end';
}

export interface Nic {
  network: string;
  adapter: 'VirtualVmxnet3' | 'VirtualE1000e';
  mac: string;
  ips: string[];
}

export interface Disk {
  /** Position on its controller; the controllers are made up from this. */
  controller: 'scsi' | 'sata' | 'ide' | 'nvme';
  unit: number;
  capacityBytes: number;
  mode: 'persistent' | 'independent_persistent' | 'independent_nonpersistent';
  /** It lies on the host's persistent memory. */
  pmem?: boolean;
  content:
    | { kind: 'seeded'; seed: string; allocatedBytes: number }
    | { kind: 'incompressible'; seed: string; bytes: number }
    | { kind: 'image'; path: string }
    | { kind: 'empty' };
}

export const MiB = 1_048_576;
export const GiB = 1_073_741_824;

/** A disk with made-up content on the SCSI controller. */
export function seededDisk(seed: string, gib: number, allocatedMiB: number, unit = 0): Disk {
  return {
    controller: 'scsi',
    unit,
    capacityBytes: gib * GiB,
    mode: 'persistent',
    content: { kind: 'seeded', seed, allocatedBytes: allocatedMiB * MiB },
  };
}
