// The files of a machine on its datastores: their names, sizes, and the text of those that are text.
import type { DiskStore } from './disks/store.ts';
import { uuidFrom } from './inventory/service.ts';
import {
  biosUuid,
  diskControllers,
  diskUuid,
  hasDrive,
  homeOf,
  instanceUuid,
  isoPath,
  vmPath,
} from './inventory/vm-config.ts';
import { chainOf, type VmState } from './state.ts';

/** As VirtualMachineFileLayoutExFileType names them, and the ISO image in the drive. */
export type FileKind = 'config' | 'snapshotList' | 'nvram' | 'diskDescriptor' | 'diskExtent' | 'iso';

export interface StoredFile {
  /** `[store] alpha/alpha-flat.vmdk` */
  name: string;
  kind: FileKind;
  /** Bytes that it takes: of a thin disk and of a delta only what was written. */
  bytes(): number;
  /** What the file holds; undefined for the bytes of disks and images. */
  text?(): string;
  /** Index of the disk that it belongs to. */
  disk?: number;
}

export const ISO_BYTES = 393_216;

/** Everything on datastores that belongs to the machine, a disk's files from the base upwards. */
export function filesOf(disks: DiskStore, vm: VmState): StoredFile[] {
  const home = `[${vm.vm.datastore}] ${homeOf(vm.vm)}/${homeOf(vm.vm)}`;
  const files = [
    textFile(vmPath(vm.vm), 'config', () => configuration(vm)),
    textFile(`${home}.vmsd`, 'snapshotList', () => snapshotList(vm)),
    textFile(`${home}.nvram`, 'nvram', () => '\0'.repeat(8684)),
  ];
  for (const index of vm.vm.disks.keys()) files.push(...diskFiles(disks, vm, index));
  if (vm.vm.iso) files.push({ name: isoPath(vm.vm, vm.vm.iso), kind: 'iso', bytes: () => ISO_BYTES });
  return files;
}

/** Descriptor and extent of the base disk, then of each delta above it. */
export function diskFiles(disks: DiskStore, vm: VmState, index: number): StoredFile[] {
  const frozen = chainOf(vm).filter(({ fileNames }) => fileNames[index] !== undefined);
  const names = [...new Set([...frozen.map(({ fileNames }) => fileNames[index]!), vm.fileNames[index]!])];
  return names.flatMap((name, at): StoredFile[] => {
    const below = names[at - 1];
    const extent = name.replace(/\.vmdk$/, below === undefined ? '-flat.vmdk' : '-delta.vmdk');
    const bytes = () => {
      const disk = disks.ready(vm, index);
      if (below === undefined) return disk?.baseBytes ?? 0;
      return DELTA_HEAD + (disk?.deltaBytes(frozen[at - 1]!.id) ?? 0);
    };
    return [
      { ...textFile(name, 'diskDescriptor', () => descriptor(vm, index, name, extent, below)), disk: index },
      { name: extent, kind: 'diskExtent', bytes, disk: index },
    ];
  });
}

function textFile(name: string, kind: FileKind, text: () => string): StoredFile {
  return { name, kind, text, bytes: () => Buffer.byteLength(text()) };
}

/** A delta begins with its header and an empty directory. */
const DELTA_HEAD = 24_576;

const bare = (name: string) => name.replace(/^.*\//, '');
const contentId = (name: string) => uuidFrom(`content id ${name}`).slice(0, 8);
/** `60 00 c2 9f 1a 2b 3c 4d-…`, as descriptors and configurations write UUIDs. */
const spaced = (uuid: string) => {
  const bytes = uuid.toLowerCase().replaceAll('-', '').match(/../g) ?? [];
  return `${bytes.slice(0, 8).join(' ')}-${bytes.slice(8).join(' ')}`;
};

/** The text file that describes one link of a disk's chain (Virtual Disk Format 5.0). */
function descriptor(vm: VmState, index: number, name: string, extent: string, below: string | undefined): string {
  const disk = vm.vm.disks[index]!;
  const sectors = disk.capacityBytes / 512;
  const parent = below === undefined ? 'ffffffff' : contentId(below);
  return `# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=${contentId(name)}
parentCID=${parent}
createType="${below === undefined ? 'vmfs' : 'vmfsSparse'}"
${below === undefined ? '' : `parentFileNameHint="${bare(below)}"\n`}
# Extent description
RW ${sectors} ${below === undefined ? 'VMFS' : 'VMFSSPARSE'} "${bare(extent)}"

# The Disk Data Base
#DDB

ddb.adapterType = "${disk.controller === 'ide' ? 'ide' : 'lsilogic'}"
ddb.geometry.cylinders = "${Math.min(65_535, Math.floor(sectors / (255 * 63)))}"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.longContentID = "${uuidFrom(`long content id ${name}`).replaceAll('-', '')}"
ddb.thinProvisioned = "1"
ddb.uuid = "${spaced(diskUuid(vm.vm, index))}"
ddb.virtualHWVersion = "${vm.vm.hardwareVersion.slice(4)}"
`;
}

/** `.vmx`: what a host reads before it runs the machine. */
function configuration(state: VmState): string {
  const { vm } = state;
  const lines: [key: string, value: string | number | boolean][] = [
    ['.encoding', 'UTF-8'],
    ['config.version', '8'],
    ['virtualHW.version', vm.hardwareVersion.slice(4)],
    ['displayName', vm.name],
    ['guestOS', vm.guestId.replace(/Guest$/, '').replaceAll('_', '-')],
    ['firmware', vm.firmware],
    ['memSize', vm.memoryMiB],
    ['numvcpus', vm.cpus],
    ['uuid.bios', spaced(biosUuid(vm))],
    ['vc.uuid', spaced(instanceUuid(vm))],
    ['annotation', (vm.annotation ?? '').replaceAll('\n', '|0A')],
    ['ctkEnabled', vm.changeTracking ?? false],
  ];
  for (const { kind, type } of diskControllers(vm)) {
    lines.push([`${kind}0.present`, true]);
    if (kind === 'scsi') lines.push(['scsi0.virtualDev', type.startsWith('ParaVirtual') ? 'pvscsi' : 'lsisas1068']);
  }
  vm.disks.forEach(({ controller, unit, mode }, index) => {
    const place = `${controller}0:${unit}`;
    lines.push([`${place}.present`, true], [`${place}.fileName`, bare(state.fileNames[index]!)]);
    lines.push([`${place}.deviceType`, controller === 'scsi' ? 'scsi-hardDisk' : 'disk']);
    if (mode !== 'persistent') lines.push([`${place}.mode`, mode.replace('_', '-')]);
  });
  if (hasDrive(vm)) {
    lines.push(['ide1:0.present', true], ['ide1:0.deviceType', vm.iso ? 'cdrom-image' : 'atapi-cdrom']);
    if (vm.iso) {
      const volume = uuidFrom(`datastore ${vm.iso.datastore ?? vm.datastore}`);
      lines.push(['ide1:0.fileName', `/vmfs/volumes/${volume}/${vm.iso.path}`]);
    }
  }
  vm.nics.forEach(({ adapter, network, mac }, index) => {
    const place = `ethernet${index}`;
    lines.push([`${place}.present`, true], [`${place}.networkName`, network]);
    lines.push([`${place}.virtualDev`, adapter.slice('Virtual'.length).toLowerCase()]);
    lines.push([`${place}.addressType`, 'vpx'], [`${place}.generatedAddress`, mac]);
  });
  if (vm.secureBoot) lines.push(['uefi.secureBoot.enabled', true]);
  lines.push(...Object.entries(vm.extraConfig ?? {}));
  return lines.map(([key, value]) => `${key} = "${written(value)}"\n`).join('');
}

function written(value: string | number | boolean): string {
  return typeof value === 'boolean' ? String(value).toUpperCase() : String(value).replaceAll('"', '|22');
}

/** `.vmsd`: the snapshots, by number. */
function snapshotList(state: VmState): string {
  const lines = ['.encoding = "UTF-8"', `snapshot.numSnapshots = "${state.snapshots.length}"`];
  state.snapshots.forEach(({ number, name, description, fileNames }, at) => {
    const files = fileNames.filter((file) => file !== undefined);
    lines.push(`snapshot${at}.uid = "${number}"`, `snapshot${at}.displayName = "${written(name)}"`);
    if (description) lines.push(`snapshot${at}.description = "${written(description.replaceAll('\n', '|0A'))}"`);
    lines.push(`snapshot${at}.numDisks = "${files.length}"`);
    files.forEach((file, disk) => {
      lines.push(`snapshot${at}.disk${disk}.fileName = "${bare(file)}"`);
    });
  });
  return `${lines.join('\n')}\n`;
}

/** An ISO 9660 volume descriptor and nothing else. */
export function isoImage(): Buffer {
  const bytes = Buffer.alloc(ISO_BYTES);
  for (const [sector, type] of [
    [16, 1],
    [17, 255],
  ] as const) {
    bytes[sector * 2048] = type;
    bytes.write('CD001\x01', sector * 2048 + 1, 'latin1');
  }
  bytes.write('RESCUE'.padEnd(32), 16 * 2048 + 40, 'latin1');
  return bytes;
}

/** The files on one datastore, each once: several machines may have the same image in their drives. */
export function filesOn(disks: DiskStore, vms: VmState[], datacenter: string, store: string): StoredFile[] {
  const machines = vms.filter(({ vm }) => vm.datacenter === datacenter);
  const all = machines.flatMap((vm) => filesOf(disks, vm)).filter(({ name }) => name.startsWith(`[${store}] `));
  return [...new Map(all.map((file) => [file.name, file])).values()];
}
