// VirtualMachineConfigInfo and its devices, from the world's description of a VM.
import type { Disk, Vm } from '../../world/world.ts';
import { type Data, data, list, long, member, time } from '../soap/value.ts';
import type { SnapshotState, VmState } from '../state.ts';
import { allocation } from './allocation.ts';
import { hostDevices } from './host-devices.ts';
import { uuidFrom } from './service.ts';
import type { Places } from './tree.ts';

/** Folder and stem of the machine's files; renaming a machine renames none of them. */
export const homeOf = (vm: Vm) => vm.home ?? vm.name;
export const biosUuid = (vm: Vm) => uuidFrom(`bios ${vm.id} ${homeOf(vm)}`);
export const instanceUuid = (vm: Vm) => uuidFrom(`instance ${vm.id} ${homeOf(vm)}`);
export const vmPath = (vm: Vm) => `[${vm.datastore}] ${homeOf(vm)}/${homeOf(vm)}.vmx`;
export const isoPath = (vm: Vm, iso: NonNullable<Vm['iso']>) => `[${iso.datastore ?? vm.datastore}] ${iso.path}`;
/** Whether there is a CD drive, with or without an image in it. */
export const hasDrive = (vm: Vm) => vm.iso !== undefined || vm.emptyDrive !== undefined;
/** Device key of the CD drive. */
export const CD_DRIVE = 3002;

const controllers = {
  ide: { type: 'VirtualIDEController', key: 200, disks: 3000, label: 'IDE' },
  scsi: { type: 'ParaVirtualSCSIController', key: 1000, disks: 2000, label: 'SCSI controller' },
  sata: { type: 'VirtualAHCIController', key: 15000, disks: 16000, label: 'SATA controller' },
  nvme: { type: 'VirtualNVMEController', key: 31000, disks: 32000, label: 'NVME controller' },
};

/** The device key of a disk: stable for as long as it stays on its place at the controller. */
export function diskKey(disk: Disk): number {
  return controllers[disk.controller].disks + disk.unit;
}

/** The id by which a disk is known across snapshots: `101-2000`. */
function diskObjectId(vm: Vm, disk: Disk): string {
  return `${vm.id.replace(/\D/g, '')}-${diskKey(disk)}`;
}

export function diskUuid(vm: Vm, index: number): string {
  return uuidFrom(`disk ${vm.id} ${index}`).replace('-a', '-b').toUpperCase().replace(/^.{8}/, '6000C29F');
}

/** Controllers of the kinds that the disks need; Windows gets LSI SAS, which it knows without drivers. */
export function diskControllers(vm: Vm): { kind: Disk['controller']; type: string; key: number; label: string }[] {
  const kinds = [...new Set(vm.disks.map((disk) => disk.controller))].filter((kind) => kind !== 'ide');
  return kinds.map((kind) => {
    const { key, label, type } = controllers[kind];
    const windows = kind === 'scsi' && vm.guestId.startsWith('windows');
    return { kind, key, label: `${label} 0`, type: windows ? 'VirtualLsiLogicSASController' : type };
  });
}

/**
 * @param fileNames the VMDK of each disk at the moment shown: now, or when the snapshot was taken.
 * @param changeIds of a snapshot's disks. The machine itself shows none.
 */
export function vmConfig(
  vm: Vm,
  fileNames: (string | undefined)[],
  state: VmState,
  places: Places,
  changeIds: SnapshotState['changeIds'] = [],
): Data {
  return data('VirtualMachineConfigInfo', {
    changeVersion: String(state.nextDelta),
    modified: time('1970-01-01T00:00:00Z'),
    name: vm.name,
    guestFullName: vm.guestFullName,
    version: vm.hardwareVersion,
    uuid: biosUuid(vm),
    createDate: time('2024-03-01T08:00:00Z'),
    instanceUuid: instanceUuid(vm),
    template: vm.template ?? false,
    guestId: vm.guestId,
    alternateGuestName: '',
    annotation: vm.annotation ?? '',
    files: data('VirtualMachineFileInfo', {
      vmPathName: vmPath(vm),
      snapshotDirectory: `[${vm.datastore}] ${homeOf(vm)}/`,
      suspendDirectory: `[${vm.datastore}] ${homeOf(vm)}/`,
      logDirectory: `[${vm.datastore}] ${homeOf(vm)}/`,
    }),
    tools: data('ToolsConfigInfo', { toolsVersion: vm.tools === 'notInstalled' ? 0 : 12352 }),
    flags: data('VirtualMachineFlagInfo', { snapshotDisabled: false, diskUuidEnabled: false }),
    hardware: data('VirtualHardware', {
      numCPU: vm.cpus,
      numCoresPerSocket: 1,
      memoryMB: vm.memoryMiB,
      virtualICH7MPresent: false,
      virtualSMCPresent: false,
      device: list('VirtualDevice', devices(vm, fileNames, places, changeIds)),
    }),
    cpuAllocation: allocation(vm.cpus * 1000, false),
    memoryAllocation: allocation(vm.memoryMiB * 10, false),
    memoryHotAddEnabled: false,
    cpuHotAddEnabled: false,
    extraConfig: list('OptionValue', [
      data('OptionValue', { key: 'guestOS.detailed.data', value: '' }),
      data('OptionValue', { key: 'ctkEnabled', value: String(vm.changeTracking ?? false) }),
      ...(state.trackingActive
        ? vm.disks
            .filter((disk) => disk.mode === 'persistent')
            .map(({ controller, unit }) =>
              data('OptionValue', { key: `${controller}0:${unit}.ctkEnabled`, value: 'true' }),
            )
        : []),
      ...Object.entries(vm.extraConfig ?? {}).map(([key, value]) => data('OptionValue', { key, value })),
    ]),
    bootOptions: data('VirtualMachineBootOptions', {
      bootDelay: long(0),
      enterBIOSSetup: false,
      efiSecureBootEnabled: vm.secureBoot ?? false,
      bootRetryEnabled: false,
    }),
    ftInfo: undefined,
    changeTrackingEnabled: vm.changeTracking ?? false,
    firmware: vm.firmware,
    guestIntegrityInfo: undefined,
    keyId: undefined,
  });
}

function description(label: string, summary: string): Data {
  return data('Description', { label, summary });
}

function devices(
  vm: Vm,
  fileNames: (string | undefined)[],
  places: Places,
  changeIds: NonNullable<SnapshotState['changeIds']>,
): Data[] {
  const found: Data[] = [];
  const present = diskControllers(vm);
  for (const index of [0, 1]) {
    found.push(
      controller('VirtualIDEController', 200 + index, `IDE ${index}`, index, [
        ...vm.disks.filter((disk) => disk.controller === 'ide' && index === 0).map(diskKey),
        ...(hasDrive(vm) && index === 1 ? [CD_DRIVE] : []),
      ]),
    );
  }
  found.push(
    controller(
      'VirtualPCIController',
      100,
      'PCI controller 0',
      0,
      present.map(({ key }) => key),
    ),
  );
  for (const { kind, type, key, label } of present) {
    const attached = vm.disks.filter((disk) => disk.controller === kind).map(diskKey);
    const scsi = kind === 'scsi' ? { hotAddRemove: true, sharedBus: 'noSharing', scsiCtlrUnitNumber: 7 } : {};
    const device = controller(type, key, label, 0, attached);
    found.push(data(type, { ...device.fields, ...scsi }));
  }
  vm.disks.forEach((disk, index) => {
    found.push(diskDevice(vm, disk, index, fileNames[index], places, changeIds[index] ?? undefined));
  });
  if (hasDrive(vm)) found.push(cdrom(vm, places));
  found.push(...hostDevices(vm.devices ?? []));
  vm.nics.forEach((nic, index) => {
    found.push(
      data(nic.adapter, {
        key: 4000 + index,
        deviceInfo: description(`Network adapter ${index + 1}`, nic.network),
        backing: data('VirtualEthernetCardNetworkBackingInfo', {
          deviceName: nic.network,
          useAutoDetect: false,
          network: places.network(nic.network),
        }),
        connectable: connectable(true),
        controllerKey: 100,
        unitNumber: 7 + index,
        addressType: 'assigned',
        macAddress: nic.mac,
        wakeOnLanEnabled: true,
      }),
    );
  });
  return found;
}

function controller(type: string, key: number, label: string, busNumber: number, attached: number[]): Data {
  return data(type, {
    key,
    deviceInfo: description(label, label),
    busNumber,
    device: list('int', attached),
  });
}

function connectable(connected: boolean): Data {
  return data('VirtualDeviceConnectInfo', {
    startConnected: connected,
    allowGuestControl: true,
    connected,
    status: 'ok',
  });
}

function diskDevice(
  vm: Vm,
  disk: Disk,
  index: number,
  fileName: string | undefined,
  places: Places,
  changeId: string | undefined,
): Data {
  const kib = disk.capacityBytes / 1024;
  return data('VirtualDisk', {
    key: diskKey(disk),
    deviceInfo: description(`Hard disk ${index + 1}`, `${Math.round(kib).toLocaleString('en-US')} KB`),
    backing: diskBacking(vm, disk, index, fileName, places, changeId),
    controllerKey: controllers[disk.controller].key,
    unitNumber: disk.unit,
    capacityInKB: long(kib),
    capacityInBytes: long(disk.capacityBytes),
    shares: data('SharesInfo', { shares: 1000, level: member('SharesLevel', 'normal') }),
    diskObjectId: diskObjectId(vm, disk),
    nativeUnmanagedLinkedClone: false,
  });
}

function diskBacking(
  vm: Vm,
  disk: Disk,
  index: number,
  fileName: string | undefined,
  places: Places,
  changeId: string | undefined,
): Data {
  const file = {
    fileName: fileName ?? '',
    datastore: places.datastoreOf(fileName) ?? places.datastore,
    backingObjectId: '',
    diskMode: disk.mode,
  };
  const uuid = diskUuid(vm, index);
  const contentId = uuidFrom(`content ${vm.id} ${index} ${fileName}`).replaceAll('-', '');
  if (disk.pmem) return data('VirtualDiskLocalPMemBackingInfo', { ...file, uuid, contentId });
  return data('VirtualDiskFlatVer2BackingInfo', {
    ...file,
    split: false,
    writeThrough: false,
    thinProvisioned: true,
    eagerlyScrub: false,
    uuid,
    contentId,
    changeId,
    digestEnabled: false,
    sharing: 'sharingNone',
  });
}

function cdrom(vm: Vm, places: Places): Data {
  const { iso, emptyDrive } = vm;
  const fileName = iso && isoPath(vm, iso);
  const empty = emptyDrive ?? { backing: 'VirtualCdromRemotePassthroughBackingInfo', deviceName: '' };
  return data('VirtualCdrom', {
    key: CD_DRIVE,
    deviceInfo: description('CD/DVD drive 1', fileName ? `ISO ${fileName}` : 'Remote device'),
    backing: fileName
      ? data('VirtualCdromIsoBackingInfo', {
          fileName,
          datastore: places.datastoreOf(fileName) ?? places.datastore,
          backingObjectId: '',
        })
      : data(empty.backing, {
          deviceName: empty.deviceName,
          useAutoDetect: false,
          exclusive: empty.backing === 'VirtualCdromRemotePassthroughBackingInfo' ? false : undefined,
        }),
    connectable: connectable(iso?.connected ?? false),
    controllerKey: 201,
    unitNumber: 0,
  });
}
