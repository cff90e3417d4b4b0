// What lasts of the lab's vCenter beyond its process: the world with its changes, snapshots, numbers given out.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Vm, World } from '../world/world.ts';

export interface SnapshotState {
  /** Managed object id, and the id of the frozen view on each disk: `snapshot-12`. Never used again. */
  id: string;
  /** The small number that vCenter shows as the snapshot's id within its VM. */
  number: number;
  name: string;
  description: string;
  parent?: string;
  createdAt: string;
  quiesced: boolean;
  /** The VM as it was. */
  vm: Vm;
  /** The VMDK of each disk that the snapshot froze; undefined for a disk that takes no part. */
  fileNames: (string | undefined)[];
  /** What each disk's backing shows as changeId; undefined when its changes were not tracked. */
  changeIds?: (string | null | undefined)[];
}

export interface VmState {
  vm: Vm;
  /** The VMDK that the guest writes to, per disk: changes with each snapshot. */
  fileNames: string[];
  /** Number of the next delta VMDK and of the next snapshot of this VM. */
  nextDelta: number;
  snapshots: SnapshotState[];
  /** Snapshots that are gone from the tree while their files stay: what consolidation merges. */
  leftovers?: SnapshotState[];
  /** Whether the disks track changes: follows `vm.changeTracking` at the next stun. */
  trackingActive?: boolean;
  /** Tracking was enabled while a snapshot existed: it gives change ids, and sees nothing until there is none. */
  trackingBlind?: boolean;
  consolidationNeeded: boolean;
  bootedAt?: string;
  /** Where in the first disk the tiny guest's marker file lies, once it was found. */
  markerOffset?: number;
}

export interface VcenterState {
  world: World;
  vms: VmState[];
  nextSnapshot: number;
  /** Fields that users made for objects, for one type or for all. */
  customFields?: { key: number; name: string; type?: string }[];
  /** Values by managed object id and key of the field. */
  customValues?: Record<string, Record<number, string>>;
}

/** `store` of `[store] alpha/alpha.vmdk`. */
export function datastoreName(fileName: string): string {
  // Names of datastores may hold brackets; the last `] ` ends one, since the lab's own folders and files hold none.
  return /^\[(.*)\] /.exec(fileName)?.[1] ?? '';
}

/** Everything that lies in files of its own above the base disks, oldest first. */
export function chainOf(vm: VmState): SnapshotState[] {
  return [...(vm.leftovers ?? []), ...vm.snapshots].sort((a, b) => a.number - b.number);
}

export function newState(world: World): VcenterState {
  return {
    world: { ...world, vms: [] },
    vms: world.vms.map((vm) => ({
      vm: structuredClone(vm),
      fileNames: vm.disks.map((_, index) => `[${vm.datastore}] ${vm.name}/${vm.name}${index ? `_${index}` : ''}.vmdk`),
      nextDelta: 1,
      snapshots: [],
      consolidationNeeded: false,
      bootedAt: vm.power === 'poweredOn' ? new Date().toISOString() : undefined,
    })),
    nextSnapshot: 1,
  };
}

export function loadState(path: string): VcenterState | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as VcenterState;
}

/** Writes the whole state before it returns; a killed process leaves the old or the new one, never half. */
export function saveState(path: string, state: VcenterState): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, JSON.stringify(state));
  renameSync(`${path}.part`, path);
}
