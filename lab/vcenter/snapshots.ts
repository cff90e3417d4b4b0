// Taking, removing and consolidating snapshots.
import type { Center } from './center.ts';
import { snapshotDisks } from './disks/store.ts';
import { VimFault } from './soap/fault.ts';
import { ref } from './soap/value.ts';
import { chainOf, type SnapshotState, type VmState } from './state.ts';
import { followTracking, stun, trackingMayBegin } from './tracking.ts';

/** Freezes the VM's disks at one instant and puts the snapshot on top of the chain. A stun. */
export async function takeSnapshot(
  center: Center,
  vm: VmState,
  request: { name: string; description: string; quiesce: boolean },
): Promise<SnapshotState> {
  const id = `snapshot-${center.state.nextSnapshot++}`;
  const late = center.settings.trackingNeedsSecondStun;
  const changeIds = await center.disks.freeze(
    vm,
    id,
    async () => {
      if (!late) await followTracking(center, vm);
    },
    async () => {
      if (late) await followTracking(center, vm);
    },
  );
  const frozen = snapshotDisks(vm);
  const snapshot: SnapshotState = {
    id,
    number: center.state.nextSnapshot - 1,
    name: request.name,
    description: request.description,
    parent: vm.snapshots.at(-1)?.id,
    createdAt: new Date().toISOString(),
    quiesced: request.quiesce,
    vm: structuredClone(vm.vm),
    fileNames: vm.fileNames.map((name, index) => (frozen.includes(index) ? name : undefined)),
    changeIds,
  };
  // The guest writes to a new delta file from now on.
  const names = frozen.map((index) => deltaName(vm, index));
  frozen.forEach((index, at) => {
    vm.fileNames[index] = names[at]!;
  });
  vm.nextDelta += 1;
  vm.snapshots.push(snapshot);
  center.save();
  return snapshot;
}

/**
 * Removes snapshots, oldest last, and merges what their files hold into the files below. A stun. Where the VM's `removal`
 * says so, or without `consolidate`, the files stay and wait for consolidation.
 */
export async function removeSnapshots(center: Center, vm: VmState, ids: string[], consolidate = true): Promise<void> {
  const removal = consolidate ? (vm.vm.removal ?? 'consolidates') : 'leaves-files';
  for (const id of [...ids].reverse()) {
    const snapshot = vm.snapshots.find((one) => one.id === id);
    if (!snapshot) continue;
    if (center.settings.keepHashes) await center.disks.keepHashes(vm, id);
    for (const child of vm.snapshots) if (child.parent === id) child.parent = snapshot.parent;
    if (removal === 'consolidates') await mergeDown(center, vm, snapshot);
    else {
      vm.leftovers = [...(vm.leftovers ?? []), snapshot];
      vm.snapshots.splice(vm.snapshots.indexOf(snapshot), 1);
      vm.consolidationNeeded = true;
      center.save();
    }
  }
  await stun(center, vm);
  await trackingMayBegin(center, vm);
  if (removal === 'fails-leaving-files') {
    throw new VimFault(
      'GenericVmConfigFault',
      'An error occurred while consolidating disks: msg.snapshot.error-FAILED.',
      {
        reason: 'msg.snapshot.error-FAILED',
      },
    );
  }
}

/** Merges what removals left behind. A stun. */
export async function consolidate(center: Center, vm: VmState): Promise<void> {
  for (const left of [...(vm.leftovers ?? [])].reverse()) await mergeDown(center, vm, left);
  vm.consolidationNeeded = false;
  center.save();
  await stun(center, vm);
  await trackingMayBegin(center, vm);
}

async function mergeDown(center: Center, vm: VmState, snapshot: SnapshotState): Promise<void> {
  // The next newer delta is merged into this snapshot's file, and takes its name.
  const chain = chainOf(vm);
  const heir = chain[chain.indexOf(snapshot) + 1];
  snapshot.fileNames.forEach((name, disk) => {
    if (name === undefined) return;
    if (heir) heir.fileNames[disk] = name;
    else vm.fileNames[disk] = name;
  });
  vm.snapshots = vm.snapshots.filter((one) => one !== snapshot);
  vm.leftovers = vm.leftovers?.filter((one) => one !== snapshot);
  center.save();
  await center.disks.release(vm, snapshot.id);
}

/** A snapshot and all that were taken on top of it. */
export function withDescendants(vm: VmState, id: string): string[] {
  const from = vm.snapshots.findIndex((snapshot) => snapshot.id === id);
  return from < 0 ? [] : vm.snapshots.slice(from).map((snapshot) => snapshot.id);
}

/** The snapshots that the world says somebody took before; takes those that are not there yet. */
export async function takeForeignSnapshots(center: Center): Promise<void> {
  for (const vm of center.state.vms) {
    const wanted = vm.vm.foreignSnapshot;
    if (!wanted) continue;
    vm.vm.foreignSnapshot = undefined;
    await takeSnapshot(center, vm, { ...wanted, quiesce: false });
  }
}

export const snapshotRef = (snapshot: SnapshotState) => ref('VirtualMachineSnapshot', snapshot.id);

/** The VMDK at the bottom of a disk's chain. */
export function baseFileName(vm: VmState, index: number): string {
  for (const { fileNames } of chainOf(vm)) {
    const name = fileNames[index];
    if (name !== undefined) return name;
  }
  return vm.fileNames[index]!;
}

function deltaName(vm: VmState, index: number): string {
  const base = baseFileName(vm, index).replace(/\.vmdk$/, '');
  return `${base}-${String(vm.nextDelta).padStart(6, '0')}.vmdk`;
}
