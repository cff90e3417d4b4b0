// What stands in the way of single disks, and of the datastores that they lie on.
import type { Finding } from '../../model/server.ts';
import type { DiskTrouble, VmDisk } from './devices.ts';
import { blocking, warning } from './finding.ts';
import type { DatastoreFacts } from './places.ts';
import { unescapeName, type VmRecord } from './vm-record.ts';

const GiB = 1024 ** 3;
/** A snapshot's delta files grow while the disks are read: below this nobody should take one. */
const FREE_BLOCKING_BYTES = 5 * GiB;
const FREE_WARNING_BYTES = 20 * GiB;
const FREE_WARNING_SHARE = 0.1;

export const DISK_WORDS: Record<DiskTrouble, { level: Finding['level']; what: string; why: string; remedy: string }> = {
  independent: {
    level: 'blocking',
    what: 'independent of snapshots',
    why: 'vSphere leaves it out of every snapshot, so it cannot be read while the server runs.',
    remedy: 'Power the server off, change the mode of the disk to Dependent in its settings, and power it on.',
  },
  'raw-physical': {
    level: 'blocking',
    what: 'a physical raw device mapping',
    why: 'vSphere takes no snapshots of it and does not see its bytes.',
    remedy:
      'Change the mapping to virtual compatibility mode or migrate it to a virtual disk, or leave the server out.',
  },
  shared: {
    level: 'blocking',
    what: 'shared with other servers',
    why: 'vSphere takes no snapshots of disks on a shared bus or with multi-writer sharing.',
    remedy: 'Replicate the cluster node by its own disks after unsharing this one, or move its data another way.',
  },
  encrypted: {
    level: 'blocking',
    what: 'encrypted by vSphere',
    why: 'vSphere does not export encrypted disks.',
    remedy: 'Apply a storage policy without encryption to the disk before it is replicated.',
  },
  'persistent-memory': {
    level: 'blocking',
    what: 'on persistent memory of the host',
    why: 'vSphere takes no snapshots of servers with such disks.',
    remedy: 'Move the disk to an ordinary datastore before the server is replicated.',
  },
  'size-unknown': {
    level: 'blocking',
    what: 'of a size that vCenter does not tell',
    why: 'Without its size nobody can know when all of it is copied.',
    remedy: 'Look at the disk in the settings of the server; consolidate or re-attach it until vCenter shows its size.',
  },
  'raw-virtual': {
    level: 'warning',
    what: 'a virtual raw device mapping',
    why: 'It is copied like a virtual disk, whole, however little of it is used.',
    remedy: 'Nothing. Migrate it to a virtual disk if the copy takes too long.',
  },
};

export function diskFinding(
  vm: VmRecord,
  trouble: DiskTrouble,
  words: (typeof DISK_WORDS)[DiskTrouble],
): Finding | null {
  const disks = vm.devices.disks.filter((disk) => disk.trouble.includes(trouble));
  if (disks.length === 0) return null;
  const names = disks.map((disk) => disk.label).join(', ');
  const make = words.level === 'blocking' ? blocking : warning;
  return make(
    `disk-${trouble}`,
    `${names} ${disks.length === 1 ? 'is' : 'are'} ${words.what}.`,
    words.why,
    words.remedy,
  );
}

export function unreachableDatastore({ name }: DatastoreFacts): Finding {
  return blocking(
    'datastore-inaccessible',
    `The datastore ${name} is not accessible.`,
    'vSphere cannot take a snapshot of disks that it does not reach.',
    'Bring the datastore back.',
  );
}

export function spaceFinding(vm: VmRecord, { id, name, freeBytes }: DatastoreFacts): Finding[] {
  const onIt = vm.devices.disks.filter((disk) =>
    disk.datastoreRef ? disk.datastoreRef.value === id : unescapeName(disk.datastore) === name,
  );
  // A datastore that holds none of the disks (of an ISO, say) does not grow.
  if (onIt.length === 0) return [];
  if (freeBytes === null) {
    return [
      warning(
        'datastore-space-unknown',
        `vCenter does not tell how much of the datastore ${name} is free.`,
        'While the disks are read, every write of the guest takes space beside them; a full datastore stops every server on it.',
        'Look at the datastore in vCenter, and refresh its storage information.',
      ),
    ];
  }
  const free = `The datastore ${name} has ${(freeBytes / GiB).toFixed(1)} GiB free.`;
  const why = 'While the disks are read, every write of the guest takes space beside them.';
  if (freeBytes < FREE_BLOCKING_BYTES) {
    const remedy = 'Free at least 5 GiB, or move the server to another datastore.';
    return [blocking('datastore-full', free, `${why} A full datastore stops every server on it.`, remedy)];
  }
  const wanted = Math.max(FREE_WARNING_BYTES, FREE_WARNING_SHARE * totalBytes(onIt));
  if (freeBytes >= wanted) return [];
  const remedy = `Free space up to ${Math.ceil(wanted / GiB)} GiB, or replicate when the guest writes little.`;
  return [warning('datastore-low', free, why, remedy)];
}

function totalBytes(disks: readonly VmDisk[]): number {
  return disks.reduce((sum, disk) => sum + disk.capacityBytes, 0);
}
