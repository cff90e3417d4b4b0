// Taking, removing and consolidating snapshots. For lab/vcenter only.
import type { Center } from './center.ts';
import { snapshotDisks } from './disks/store.ts';
import { ref } from './soap/value.ts';
import type { SnapshotState, VmState } from './state.ts';

/** Freezes the VM's disks at one instant and puts the snapshot on top of the chain. */
export async function takeSnapshot(
  center: Center,
  vm: VmState,
  request: { name: string; description: string; quiesce: boolean },
): Promise<SnapshotState> {
  const id = `snapshot-${center.state.nextSnapshot++}`;
  await center.disks.freeze(vm, id);
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
  };
  // The guest writes to a new delta file from now on.
  for (const index of frozen) vm.fileNames[index] = deltaName(vm, index);
  vm.nextDelta += 1;
  vm.snapshots.push(snapshot);
  center.save();
  return snapshot;
}

/** Removes snapshots, oldest last, and merges what their files hold into the files below. */
export async function removeSnapshots(center: Center, vm: VmState, ids: string[]): Promise<void> {
  for (const id of [...ids].reverse()) {
    const index = vm.snapshots.findIndex((snapshot) => snapshot.id === id);
    const snapshot = vm.snapshots[index];
    if (!snapshot) continue;
    if (center.settings.keepHashes) await center.disks.keepHashes(vm, id);
    // The next newer delta is merged into this snapshot's file, and takes its name.
    const heir = vm.snapshots[index + 1];
    snapshot.fileNames.forEach((name, disk) => {
      if (name === undefined) return;
      if (heir) heir.fileNames[disk] = name;
      else vm.fileNames[disk] = name;
    });
    for (const child of vm.snapshots) if (child.parent === id) child.parent = snapshot.parent;
    vm.snapshots.splice(index, 1);
    center.save();
    await center.disks.release(vm, id);
  }
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

function deltaName(vm: VmState, index: number): string {
  const base = `[${vm.vm.datastore}] ${vm.vm.name}/${vm.vm.name}${index ? `_${index}` : ''}`;
  return `${base}-${String(vm.nextDelta).padStart(6, '0')}.vmdk`;
}
