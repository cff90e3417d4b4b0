// A machine's virtual hardware, read from its list of devices: disks with their places and kinds, NICs, drives.
import { DISK_FILE } from './file-name.ts';
import type { ManagedObject } from './xml/markup.ts';
import { amount, child, flag, integer, object, text, type XmlNode } from './xml/xml-node.ts';

export interface VmDisk {
  /** Backing uuid, else disk object id, else machine and key; unique within the machine. */
  id: string;
  /** Device key, as a decimal number. */
  key: string;
  label: string;
  capacityBytes: number;
  /** `thin`, `thick, lazily zeroed`, `raw device mapping, physical`…, with the mode when it is not ordinary. */
  kind: string;
  /** Name of the datastore as the file's name has it; where the backing names the object, that is meant. */
  datastore: string;
  datastoreRef: ManagedObject | null;
  fileName: string;
  /** 0 is the disk that the machine boots from. */
  order: number;
  /** Class, bus and unit of the controller as NFC urls name it: `ParaVirtualSCSIController0:1`. */
  place: { controller: string; bus: number; unit: number };
  changeId: string | null;
  /** Class of the backing, and whether it is the delta of another one. */
  backing: { type: string; isDelta: boolean };
  trouble: DiskTrouble[];
}

/** Why a disk takes no part in snapshots, or cannot be read. */
export type DiskTrouble =
  | 'independent'
  | 'raw-physical'
  | 'raw-virtual'
  | 'shared'
  | 'encrypted'
  | 'persistent-memory'
  | 'size-unknown';

/** Classes of backings that can have a change id at all. */
export const TRACKABLE_BACKINGS: readonly string[] = [
  'VirtualDiskFlatVer2BackingInfo',
  'VirtualDiskSparseVer2BackingInfo',
  'VirtualDiskRawDiskMappingVer1BackingInfo',
  'VirtualDiskRawDiskVer2BackingInfo',
  'VirtualDiskSeSparseBackingInfo',
];

/** vSphere makes no virtual disk of more than 62 TiB; what claims 1 PiB and more says nothing of its size. */
const MOST_DISK_BYTES = 1024 ** 5;

/** Troubles that make a copy impossible; a virtual raw device mapping can be snapshotted and read. */
export const BLOCKING_TROUBLES: readonly DiskTrouble[] = [
  'independent',
  'raw-physical',
  'shared',
  'encrypted',
  'persistent-memory',
  'size-unknown',
];

export interface VmNic {
  key: string;
  label: string;
  mac: string;
  /** Name of a standard network, or null. */
  networkName: string | null;
  /** Key of a distributed port group, or null. */
  portgroupKey: string | null;
}

export interface VmDevices {
  disks: VmDisk[];
  nics: VmNic[];
  /** Paths of ISO images in drives: `[datastore] iso/x.iso`. */
  isos: string[];
  hasTpm: boolean;
  /** Labels of devices that tie the machine to its host; vSphere takes no snapshot of a machine that has one. */
  hostDevices: string[];
  /** How it is known which disk the machine boots from; null with a single disk. */
  bootDisk: 'named' | 'by-place' | 'guessed' | null;
}

interface Controller {
  type: string;
  bus: number;
  /** `virtualSharing`, `physicalSharing`, or another value. */
  sharing: string;
}

/**
 * @param bootOrder what the machine boots from, in this order: keys of disks, or places as its .vmx names them (`scsi0:1`)
 * @param owner what makes ids of disks without an identity of their own unique
 */
export function readDevices(devices: readonly XmlNode[], bootOrder: readonly string[], owner: string): VmDevices {
  const controllers = new Map<string, Controller>();
  for (const device of devices) {
    const bus = integer(device, 'busNumber');
    const type = device.type ?? '';
    if (bus === null || !/Controller$|^VirtualLsiLogic/.test(type)) continue;
    controllers.set(text(device, 'key') ?? '', { type, bus, sharing: text(device, 'sharedBus') ?? '' });
  }
  const found = devices
    .filter((device) => device.type === 'VirtualDisk')
    .map((device) => readDisk(device, controllers.get(text(device, 'controllerKey') ?? ''), owner))
    .sort((a, b) => comparePlaces(a, b, bootOrder));
  return {
    disks: uniqueIds(found).map((disk, order) => ({ ...disk, order })),
    nics: devices.filter(isNic).map(readNic),
    isos: devices.flatMap(attachedIso),
    hasTpm: devices.some((device) => device.type === 'VirtualTPM'),
    hostDevices: devices.filter(isOfHost).map((device) => text(device, 'deviceInfo', 'label') || (device.type ?? '')),
    bootDisk: howBootDiskIsKnown(found, bootOrder),
  };
}

function readDisk(device: XmlNode, controller: Controller | undefined, owner: string): VmDisk {
  const backing = child(device, 'backing');
  const key = text(device, 'key') ?? '';
  const fileName = text(backing, 'fileName') ?? '';
  const trouble = readTrouble(device, backing, controller);
  // 5.5 and later give bytes; older ones only kibibytes.
  const bytes = amount(Number.MAX_SAFE_INTEGER, device, 'capacityInBytes');
  const kibibytes = amount(Number.MAX_SAFE_INTEGER / 1024, device, 'capacityInKB') ?? 0;
  const size = bytes ?? Math.floor(kibibytes) * 1024;
  const capacityBytes = size < MOST_DISK_BYTES ? size : 0;
  if (capacityBytes === 0) trouble.push('size-unknown');
  return {
    id: text(backing, 'uuid') || text(device, 'diskObjectId') || `${owner}:${key}`,
    key,
    label: text(device, 'deviceInfo', 'label') ?? `Disk ${key}`,
    capacityBytes,
    kind: diskKind(backing),
    datastore: DISK_FILE.exec(fileName)?.[1] ?? '',
    datastoreRef: object(backing, 'datastore'),
    fileName,
    order: 0,
    place: {
      controller: controller?.type ?? '',
      bus: controller?.bus ?? 0,
      unit: integer(device, 'unitNumber') ?? 0,
    },
    changeId: text(backing, 'changeId') || null,
    backing: { type: backing?.type ?? '', isDelta: child(backing, 'parent') !== undefined },
    trouble,
  };
}

function readTrouble(device: XmlNode, backing: XmlNode | undefined, controller: Controller | undefined): DiskTrouble[] {
  const trouble: DiskTrouble[] = [];
  const rdm = isRawMapping(backing);
  if ((text(backing, 'diskMode') ?? '').startsWith('independent')) trouble.push('independent');
  if (rdm) trouble.push(text(backing, 'compatibilityMode') === 'virtualMode' ? 'raw-virtual' : 'raw-physical');
  const sharing = text(backing, 'sharing') === 'sharingMultiWriter';
  const sharedBus = controller?.sharing === 'virtualSharing' || controller?.sharing === 'physicalSharing';
  if (sharing || sharedBus) trouble.push('shared');
  if (child(backing, 'keyId') || child(device, 'keyId')) trouble.push('encrypted');
  if (backing?.type === 'VirtualDiskLocalPMemBackingInfo') trouble.push('persistent-memory');
  return trouble;
}

function isRawMapping(backing: XmlNode | undefined): boolean {
  return /RawDisk(Mapping)?Ver\d/.test(backing?.type ?? '');
}

function diskKind(backing: XmlNode | undefined): string {
  const mode = text(backing, 'diskMode') ?? 'persistent';
  const independent = mode.startsWith('independent') ? `, ${mode.replaceAll('_', ' ')}` : '';
  if (isRawMapping(backing)) {
    const physical = text(backing, 'compatibilityMode') !== 'virtualMode';
    return `raw device mapping, ${physical ? 'physical' : 'virtual'}${independent}`;
  }
  if (flag(backing, 'thinProvisioned') || backing?.type === 'VirtualDiskSeSparseBackingInfo')
    return `thin${independent}`;
  if (/Sparse/.test(backing?.type ?? '')) return `sparse${independent}`;
  return `thick, ${flag(backing, 'eagerlyScrub') ? 'eagerly' : 'lazily'} zeroed${independent}`;
}

/** Position in the boot order, by the disk's key or by its place; -1 when it is not named. */
function bootRank(disk: VmDisk, bootOrder: readonly string[]): number {
  const place = placeInVmx(disk);
  return bootOrder.findIndex((one) => one === disk.key || one === place);
}

/** As a .vmx names places: `scsi0:1`, `sata0:0`, `nvme0:0`, `ide1:0`. */
function placeInVmx({ place: { controller, bus, unit } }: VmDisk): string {
  const kind = KINDS_IN_ORDER.findIndex((pattern) => pattern.test(controller));
  return `${['scsi', 'sata', 'nvme', 'ide'][kind] ?? 'disk'}${bus}:${unit}`;
}

/** The firmware's own default is the first place of the first controller; anything else is a guess of ours. */
function howBootDiskIsKnown(disks: readonly VmDisk[], bootOrder: readonly string[]): VmDevices['bootDisk'] {
  const [first] = disks;
  if (!first || disks.length < 2) return null;
  if (bootRank(first, bootOrder) >= 0) return 'named';
  const controllers = new Set(disks.map(({ place }) => `${place.controller}${place.bus}`));
  const isAtStart = first.place.bus === 0 && first.place.unit === 0 && first.place.controller !== '';
  return bootOrder.length === 0 && controllers.size === 1 && isAtStart ? 'by-place' : 'guessed';
}

const KINDS_IN_ORDER = [/SCSI|LsiLogic|BusLogic/, /AHCI|SATA/, /NVME/i, /IDE/];

function comparePlaces(a: VmDisk, b: VmDisk, bootOrder: readonly string[]): number {
  const rank = (disk: VmDisk) => {
    const boot = bootRank(disk, bootOrder);
    const kind = KINDS_IN_ORDER.findIndex((pattern) => pattern.test(disk.place.controller));
    return [boot < 0 ? 99 : boot, kind < 0 ? 99 : kind, disk.place.bus, disk.place.unit, Number(disk.key)];
  };
  const left = rank(a);
  const right = rank(b);
  const at = left.findIndex((value, index) => value !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

/** A disk whose file was copied by hand carries the uuid of the other one: both get their key in addition. */
function uniqueIds(disks: VmDisk[]): VmDisk[] {
  const counts = Map.groupBy(disks, (disk) => disk.id);
  return disks.map((disk) => (counts.get(disk.id)?.length === 1 ? disk : { ...disk, id: `${disk.id}:${disk.key}` }));
}

/** Passed through (dynamically, or as virtual GPU, too), a virtual function of the host's adapter, or its persistent memory. */
function isOfHost({ type }: XmlNode): boolean {
  return type === 'VirtualPCIPassthrough' || type === 'VirtualSriovEthernetCard' || type === 'VirtualNVDIMM';
}

function isNic(device: XmlNode): boolean {
  return child(device, 'macAddress') !== undefined;
}

function readNic(device: XmlNode): VmNic {
  const backing = child(device, 'backing');
  return {
    key: text(device, 'key') ?? '',
    label: text(device, 'deviceInfo', 'label') ?? '',
    mac: text(device, 'macAddress') ?? '',
    networkName: text(backing, 'deviceName'),
    portgroupKey: text(backing, 'port', 'portgroupKey'),
  };
}

function attachedIso(device: XmlNode): string[] {
  const backing = child(device, 'backing');
  if (device.type !== 'VirtualCdrom' || backing?.type !== 'VirtualCdromIsoBackingInfo') return [];
  const inUse = flag(device, 'connectable', 'connected') || flag(device, 'connectable', 'startConnected');
  return inUse ? [text(backing, 'fileName') ?? ''] : [];
}
