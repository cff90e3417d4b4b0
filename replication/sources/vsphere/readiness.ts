// What stands in the way of replicating a machine, or what a person should know before: pure judgement of what was read.
// The rules are those of vSphere's snapshots and exports, and of what EC2 takes.
import type { Finding } from '../../model/server.ts';
import { OWN_SNAPSHOT } from '../source.ts';
import { DISK_WORDS, diskFinding, spaceFinding, unreachableDatastore } from './disk-findings.ts';
import { blocking, warning } from './finding.ts';
import { guestArchitecture, guestFamily } from './guest-system.ts';
import type { DatastoreFacts } from './places.ts';
import type { VmRecord } from './vm-record.ts';

const TiB = 1024 ** 4;
const MAX_BIOS_BOOT_BYTES = 2 * TiB;

type Rule = (vm: VmRecord, datastores: readonly DatastoreFacts[]) => Finding | Finding[] | null;

/** Blocking findings first, each group in the order of the rules. */
export function findings(vm: VmRecord, datastores: readonly DatastoreFacts[]): Finding[] {
  const found = RULES.flatMap((rule) => rule(vm, datastores) ?? []);
  return [...found.filter((one) => one.level === 'blocking'), ...found.filter((one) => one.level === 'warning')];
}

const isOwn = ({ name }: { name: string }) => name.startsWith(OWN_SNAPSHOT);
const named = (snapshots: readonly { name: string }[]) => snapshots.map(({ name }) => `“${name}”`).join(', ');

const RULES: readonly Rule[] = [
  (vm) =>
    vm.connection === 'connected'
      ? null
      : blocking(
          'machine-not-connected',
          `vCenter has no hold of the server: it is ${vm.connection}.`,
          'Without its host or its files vSphere can neither take a snapshot nor export one.',
          'Bring the host back, or remove the server from the inventory and register it again.',
        ),
  (vm) =>
    vm.template
      ? blocking(
          'template',
          'This is a template, not a server.',
          'vSphere takes no snapshots of templates.',
          'Deploy a server from the template and replicate that one.',
        )
      : null,
  (vm) =>
    vm.faultTolerant
      ? blocking(
          'fault-tolerance',
          'Fault Tolerance is on.',
          'vSphere takes no snapshots of servers under Fault Tolerance that could be exported.',
          'Turn Fault Tolerance off for as long as the server is replicated.',
        )
      : null,
  (vm) =>
    vm.consolidationNeeded
      ? blocking(
          'consolidation-needed',
          'The disks need consolidation.',
          'Files of earlier snapshots are still chained to the disks; another snapshot could fail or fill the datastore.',
          'In vCenter choose Snapshots › Consolidate for the server, and wait until it has ended.',
        )
      : null,
  (vm) =>
    vm.unread.length > 0
      ? blocking(
          'not-readable',
          `vCenter does not give all of the server: ${vm.unread.join(', ')}.`,
          'Without that nobody can say whether it can be replicated, or what would be copied.',
          'Look at the server in vCenter: give the account the right to read it, or bring the server back if it is orphaned.',
        )
      : null,
  (vm) =>
    vm.devices.hostDevices.length > 0
      ? blocking(
          'host-devices',
          `The server holds devices of its host: ${vm.devices.hostDevices.join(', ')}.`,
          'vSphere takes no snapshots of servers with passed-through PCI devices, virtual GPUs, SR-IOV adapters or NVDIMMs.',
          'Remove the devices from the settings of the server for as long as it is replicated, and choose an instance type that has what they did.',
        )
      : null,
  (vm) =>
    guestArchitecture(vm) === 'arm64'
      ? blocking(
          'guest-arm',
          `The guest is an ARM system (${vm.guestName || vm.guestId}).`,
          'AMIs are made for x86 processors, on which it would never start.',
          'Leave the server out: install it anew on an ARM instance (Graviton) and move its data.',
        )
      : null,
  (vm) =>
    vm.devices.disks.length === 0 && vm.unread.length === 0
      ? blocking(
          'no-disks',
          'The server has no virtual disk.',
          'There is nothing to copy: the server runs from the network or from a drive.',
          'Leave the server out.',
        )
      : null,
  (vm) => diskFinding(vm, 'independent', DISK_WORDS.independent),
  (vm) => diskFinding(vm, 'raw-physical', DISK_WORDS['raw-physical']),
  (vm) => diskFinding(vm, 'shared', DISK_WORDS.shared),
  (vm) => diskFinding(vm, 'encrypted', DISK_WORDS.encrypted),
  (vm) => diskFinding(vm, 'persistent-memory', DISK_WORDS['persistent-memory']),
  (vm) => diskFinding(vm, 'size-unknown', DISK_WORDS['size-unknown']),
  (vm) =>
    vm.encrypted && !vm.devices.disks.some((disk) => disk.trouble.includes('encrypted'))
      ? warning(
          'machine-encrypted',
          'The configuration of the server is encrypted by vSphere.',
          'Its disks are not, but vSphere may refuse the export to an account without Cryptographer.Access.',
          'If the export is refused, decrypt the server or give the account that privilege.',
        )
      : null,
  (_vm, datastores) => datastores.filter((one) => !one.accessible).map(unreachableDatastore),
  (vm, datastores) => datastores.filter((one) => one.accessible).flatMap((one) => spaceFinding(vm, one)),
  (vm) => diskFinding(vm, 'raw-virtual', DISK_WORDS['raw-virtual']),
  (vm) =>
    vm.devices.isos.length > 0
      ? warning(
          'iso-attached',
          `An ISO image is attached: ${vm.devices.isos.join(', ')}.`,
          'It is not copied, and VM Import may refuse a guest that mounts it at start.',
          'Disconnect the CD/DVD drive, also its "connect at power on".',
        )
      : null,
  (vm) => {
    const others = vm.snapshots.filter((one) => !isOwn(one));
    return others.length > 0
      ? warning(
          'snapshots-present',
          `The server has ${count(others.length, 'snapshot')} already: ${named(others)}.`,
          'The copy is right all the same. But each snapshot makes the removal of ours slower, and the datastore fuller.',
          'Remove snapshots that nobody needs. Take or revert none while a run is under way.',
        )
      : null;
  },
  (vm) => {
    const own = vm.snapshots.filter(isOwn);
    return own.length > 0
      ? warning(
          'own-snapshot-present',
          `A replication run's own snapshot stands: ${named(own)}.`,
          'A run of the server is under way, or is being cleaned up; or a console that is gone has left it.',
          'Nothing while a run is under way. If it stays, and the overview does not speak of it, remove it in vCenter.',
        )
      : null;
  },
  (vm) =>
    vm.power === 'on' && vm.tools !== 'running'
      ? warning(
          'tools-not-running',
          vm.tools === 'not-installed' ? 'VMware Tools is not installed.' : 'VMware Tools is not running.',
          'The guest cannot be quiesced: the image is as after a power failure, and addresses are unknown.',
          'Install or start VMware Tools (open-vm-tools on Linux), or shut the server down for the last run.',
        )
      : null,
  (vm) =>
    vm.power === 'suspended'
      ? warning(
          'suspended',
          'The server is suspended.',
          'What its memory holds is not copied: the image is as after a power failure.',
          'Resume the server, or shut it down, before the run.',
        )
      : null,
  (vm) =>
    vm.secureBoot
      ? warning(
          'secure-boot',
          'UEFI Secure Boot is on.',
          'The keys of its firmware are not copied; the AMI starts with Secure Boot off.',
          'Nothing, if that is acceptable. Otherwise set up the keys on the AMI after the cutover.',
        )
      : null,
  (vm) =>
    vm.devices.hasTpm
      ? warning(
          'virtual-tpm',
          'The server has a virtual TPM.',
          'Its secrets are not copied. A disk that the guest encrypted with them (BitLocker) will ask for its recovery key.',
          'Suspend BitLocker or keep its recovery key at hand; remove other uses of the TPM before the cutover.',
        )
      : null,
  (vm) =>
    vm.devices.bootDisk === 'guessed'
      ? warning(
          'boot-disk-guessed',
          `Nothing says which disk the server boots from; ${vm.devices.disks[0]?.label} is taken to be it.`,
          'That disk becomes the root volume. An instance whose root volume is another disk does not start.',
          'Check in the guest which disk it starts from. If it is another one, say so in the boot order of the server: with PowerCLI or govc, or, with BIOS firmware, in the advanced parameter bios.hddOrder (scsi0:1 is the second disk of the first SCSI controller).',
        )
      : null,
  (vm) => {
    const boot = vm.devices.disks[0];
    return boot && vm.firmware === 'bios' && boot.capacityBytes > MAX_BIOS_BOOT_BYTES
      ? warning(
          'boot-disk-too-large',
          `The boot disk (${boot.label}) is larger than 2 TiB.`,
          'A server with BIOS firmware starts from a partition table that ends at 2 TiB; VM Import refuses such a disk.',
          'Shrink the disk, or move the server to UEFI before it is replicated.',
        )
      : null;
  },
  (vm) =>
    guestArchitecture(vm) === 'i386'
      ? warning(
          'guest-32-bit',
          `The guest is a 32-bit system (${vm.guestName || vm.guestId}).`,
          'Hardly any type of EC2 instance starts a 32-bit kernel, and VM Import refuses 32-bit Linux.',
          'If the guest is really 64-bit, correct its guest system in the settings of the server. Otherwise renew it first.',
        )
      : null,
  (vm) =>
    guestFamily(vm) === 'other'
      ? warning(
          'guest-unknown',
          `EC2 may not start this guest system (${vm.guestName || vm.guestId || 'unknown'}).`,
          'Landfall knows how Linux and Windows become an AMI; anything else is copied as it is.',
          'Correct the guest system in the settings of the server if it is wrong; otherwise launch a test instance early.',
        )
      : null,
  (vm) =>
    guestFamily(vm) === 'windows-client'
      ? warning(
          'windows-client',
          `${vm.guestName || 'The guest'} is a desktop Windows.`,
          'AWS gives no licence for it: it must be your own, on Dedicated Hosts or Instances.',
          'Choose BYOL, and check that your licence allows it.',
        )
      : null,
  (vm) =>
    vm.devices.nics.length > 1
      ? warning(
          'several-networks',
          `The server has ${vm.devices.nics.length} network adapters.`,
          'An instance starts with one network interface, which gets its address by DHCP.',
          'Attach further interfaces after the launch, and look for fixed addresses in the guest.',
        )
      : null,
];

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
