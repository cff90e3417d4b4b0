// One virtual machine as vCenter describes it, read from its properties into plain data.

import { readDevices, type VmDevices } from './devices.ts';
import type { ObjectProperties } from './properties.ts';
import type { ManagedObject } from './xml/markup.ts';
import { amount, children, flag, members, moment, object, text, type XmlNode } from './xml/xml-node.ts';

/** What is read of each machine: no more than is used, since `config` as a whole is large. */
export const VM_PATHS = [
  'name',
  'parent',
  'parentVApp',
  'config.uuid',
  'config.instanceUuid',
  'config.template',
  'config.guestId',
  'config.guestFullName',
  'config.version',
  'config.firmware',
  'config.bootOptions',
  'config.keyId',
  'config.ftInfo',
  'config.hardware',
  'runtime.host',
  'runtime.connectionState',
  'runtime.powerState',
  'runtime.consolidationNeeded',
  'guest.guestId',
  'guest.guestFamily',
  'guest.guestFullName',
  'guest.hostName',
  'guest.ipAddress',
  'guest.net',
  'guest.toolsRunningStatus',
  'guest.toolsVersionStatus2',
  'datastore',
  'snapshot',
] as const;

export interface GuestNic {
  deviceKey: string;
  network: string;
  addresses: string[];
}

export interface SnapshotNode {
  ref: ManagedObject;
  name: string;
  description: string;
  createdAt: Date;
  quiesced: boolean;
}

export interface VmRecord {
  vmId: string;
  name: string;
  /** Folder, or the vApp that holds the machine. */
  parent: ManagedObject | null;
  instanceUuid: string;
  template: boolean;
  guestId: string;
  guestName: string;
  /** Family that running tools report, in vSphere's words. */
  reportedFamily: string | null;
  hardwareVersion: string;
  firmware: 'bios' | 'uefi';
  secureBoot: boolean;
  /** The machine's own files are encrypted by vSphere. */
  encrypted: boolean;
  faultTolerant: boolean;
  vcpus: number;
  memoryMiB: number;
  host: ManagedObject | null;
  /** `connected`, `disconnected`, `inaccessible`, `invalid`, `orphaned`. */
  connection: string;
  power: 'on' | 'off' | 'suspended';
  /** What vCenter did not give and nothing can be said without: `its hardware (NoPermission)`. */
  unread: string[];
  consolidationNeeded: boolean;
  hostName: string | null;
  primaryAddress: string | null;
  guestNics: GuestNic[];
  tools: 'running' | 'not-running' | 'not-installed';
  datastores: ManagedObject[];
  snapshots: SnapshotNode[];
  devices: VmDevices;
}

export function readVm(vm: ObjectProperties): VmRecord {
  const get = (path: string) => vm.properties.get(path);
  const value = (path: string) => get(path)?.text || null;
  const hardware = get('config.hardware');
  const instanceUuid = value('config.instanceUuid') ?? value('config.uuid') ?? vm.object.value;
  const tools = readTools(value('guest.toolsRunningStatus'), value('guest.toolsVersionStatus2'));
  // What tools report of a running guest is truer than what somebody once chose for the machine.
  const guestId = (tools === 'running' ? value('guest.guestId') : null) ?? value('config.guestId') ?? '';
  const guestName = (tools === 'running' ? value('guest.guestFullName') : null) ?? value('config.guestFullName') ?? '';
  return {
    vmId: vm.object.value,
    name: unescapeName(value('name') ?? vm.object.value),
    parent: referenceOf(get('parent')) ?? referenceOf(get('parentVApp')),
    instanceUuid,
    template: value('config.template') === 'true',
    guestId,
    guestName,
    reportedFamily: tools === 'running' ? value('guest.guestFamily') : null,
    hardwareVersion: value('config.version') ?? '',
    firmware: value('config.firmware') === 'efi' ? 'uefi' : 'bios',
    secureBoot: flag(get('config.bootOptions'), 'efiSecureBootEnabled'),
    encrypted: get('config.keyId') !== undefined,
    faultTolerant: get('config.ftInfo') !== undefined,
    vcpus: amount(MOST_INT32, hardware, 'numCPU') ?? 0,
    memoryMiB: amount(MOST_INT32, hardware, 'memoryMB') ?? 0,
    host: referenceOf(get('runtime.host')),
    connection: value('runtime.connectionState') ?? 'connected',
    // A state that nobody here knows is not the rest of a machine that is off.
    power: POWER[value('runtime.powerState') ?? 'poweredOff'] ?? 'on',
    unread: ESSENTIAL.filter(([path]) => get(path) === undefined).map(
      ([path, words]) => `${words} (${vm.refused.get(path) ?? 'not set'})`,
    ),
    consolidationNeeded: value('runtime.consolidationNeeded') === 'true',
    hostName: value('guest.hostName'),
    primaryAddress: value('guest.ipAddress'),
    guestNics: members(get('guest.net')).map(readGuestNic),
    tools,
    datastores: members(get('datastore')).flatMap((node) => referenceOf(node) ?? []),
    snapshots: readSnapshots(get('snapshot')),
    devices: readDevices(children(hardware, 'device'), readBootOrder(vm.properties), instanceUuid),
  };
}

const MOST_INT32 = 2 ** 31 - 1;
/** Without these nothing can be said of a machine; disconnected and orphaned ones, and those of others, lack them. */
const ESSENTIAL = [
  ['config.hardware', 'its hardware'],
  ['runtime.powerState', 'whether it is on'],
] as const;

/** vSphere's words for ours. */
export const POWER: Readonly<Record<string, VmRecord['power']>> = {
  poweredOn: 'on',
  poweredOff: 'off',
  suspended: 'suspended',
};

/** The property's value as a reference to an object. */
export function referenceOf(node: XmlNode | undefined): ManagedObject | null {
  const type = node?.attributes.get('type');
  return node && type && node.text ? { type, value: node.text } : null;
}

/** Names come with `/`, `\` and `%` escaped, as paths need them; people know them without. */
export function unescapeName(name: string): string {
  return name.replace(/%(2f|5c|25)/gi, (escaped) => decodeURIComponent(escaped));
}

/** Property with the options of the .vmx. It is large, so it is read only where it decides something. */
export const EXTRA_CONFIG = 'config.extraConfig';

/**
 * The disks that the machine boots from, in this order: keys of devices as its boot options name them, else places as the
 * BIOS has them (`bios.hddOrder` = `scsi0:1,scsi0:0`). Empty when nothing says it: UEFI keeps its order to itself.
 */
export function readBootOrder(properties: ReadonlyMap<string, XmlNode>): string[] {
  const keys = children(properties.get('config.bootOptions'), 'bootOrder')
    .filter((entry) => entry.type === 'VirtualMachineBootOptionsBootableDiskDevice')
    .flatMap((entry) => text(entry, 'deviceKey') ?? []);
  if (keys.length > 0 || properties.get('config.firmware')?.text === 'efi') return keys;
  const option = members(properties.get(EXTRA_CONFIG)).find((one) => text(one, 'key') === 'bios.hddOrder');
  const places = (text(option, 'value') ?? '').split(',').map((place) => place.trim().toLowerCase());
  return places.filter((place) => place !== '');
}

/** Whether only the options of the .vmx can tell which of several disks comes first. */
export function needsExtraConfig({ properties }: ObjectProperties): boolean {
  const disks = children(properties.get('config.hardware'), 'device').filter(({ type }) => type === 'VirtualDisk');
  const isOpen = properties.get('config.firmware')?.text !== 'efi' && readBootOrder(properties).length === 0;
  return disks.length > 1 && isOpen;
}

/** Every snapshot of the tree, parents before children. */
export function readSnapshots(info: XmlNode | undefined): SnapshotNode[] {
  const walk = (node: XmlNode): SnapshotNode[] => {
    const ref = object(node, 'snapshot');
    const own = ref
      ? [
          {
            ref,
            name: text(node, 'name') ?? '',
            description: text(node, 'description') ?? '',
            createdAt: moment(node, 'createTime') ?? new Date(),
            quiesced: flag(node, 'quiesced'),
          },
        ]
      : [];
    return [...own, ...children(node, 'childSnapshotList').flatMap(walk)];
  };
  return children(info, 'rootSnapshotList').flatMap(walk);
}

export function readTools(running: string | null, version: string | null): VmRecord['tools'] {
  if (running === 'guestToolsRunning' || running === 'guestToolsExecutingScripts') return 'running';
  return version === 'guestToolsNotInstalled' || (running === null && version === null)
    ? 'not-installed'
    : 'not-running';
}

function readGuestNic(node: XmlNode): GuestNic {
  const configured = children(node, 'ipConfig').flatMap((config) =>
    children(config, 'ipAddress').flatMap((address) => text(address, 'ipAddress') ?? []),
  );
  const plain = children(node, 'ipAddress').map((address) => address.text);
  return {
    deviceKey: text(node, 'deviceConfigId') ?? '',
    network: text(node, 'network') ?? '',
    addresses: [...new Set([...plain, ...configured])].filter((address) => address !== ''),
  };
}
