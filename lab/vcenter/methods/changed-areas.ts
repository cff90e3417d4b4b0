// QueryChangedDiskAreas.
import { type NextGrain, pageOfAreas, steps, withFalsePositives } from '../disks/changed-areas.ts';
import type { LabDisk } from '../disks/disk.ts';
import { diskKey } from '../inventory/vm-config.ts';
import { child, numberOf, textOf } from '../soap/element.ts';
import { invalidArgument, invalidPowerState, VimFault } from '../soap/fault.ts';
import { type Data, data, list, long } from '../soap/value.ts';
import type { SnapshotState, VmState } from '../state.ts';
import type { Call, Methods } from './method.ts';

export const changedAreaMethods: Methods = {
  QueryChangedDiskAreas: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.Provisioning.DiskRandomRead',
    handle: async (call) => {
      const vm = call.center.vm(call.self.value);
      const snapshot = snapshotOf(call, vm);
      const index = vm.vm.disks.findIndex((disk) => diskKey(disk) === numberOf(call.args, 'deviceKey'));
      if (index < 0) throw invalidArgument('deviceKey');
      const startOffset = numberOf(call.args, 'startOffset') ?? Number.NaN;
      const capacity = (snapshot?.vm ?? vm.vm).disks[index]!.capacityBytes;
      if (!Number.isInteger(startOffset) || startOffset < 0 || startOffset >= capacity) {
        throw invalidArgument('startOffset');
      }
      const changeId = textOf(call.args, 'changeId') ?? '';
      const tracked = snapshot ? typeof snapshot.changeIds?.[index] === 'string' : (vm.trackingActive ?? false);
      if (!tracked) throw fileFault(vm, index);
      const disk = await call.center.disks.disk(vm, index);
      return changeId === '*'
        ? allocatedAreas(call, vm, index, disk, snapshot?.id, startOffset)
        : changedAreas(call, vm, index, disk, snapshot?.id, startOffset, changeId);
    },
  },
};

/** Without a snapshot it is about the machine as it is, which must be off then. */
function snapshotOf(call: Call, vm: VmState): SnapshotState | undefined {
  const named = child(call.args, 'snapshot');
  if (!named) {
    if (vm.vm.power !== 'poweredOff') throw invalidPowerState('poweredOff', vm.vm.power);
    return undefined;
  }
  const found = call.center.snapshot(named.text);
  if (found.vm !== vm) throw invalidArgument('snapshot');
  return found.snapshot;
}

function allocatedAreas(
  call: Call,
  vm: VmState,
  index: number,
  disk: LabDisk,
  view: string | undefined,
  startOffset: number,
): Data {
  const { changedAreasOfStar } = call.center.settings;
  if (changedAreasOfStar === 'fails') throw fileFault(vm, index);
  if (changedAreasOfStar === 'everything') {
    const length = disk.capacity - startOffset;
    return diskChangeInfo(startOffset, { length, areas: [{ start: startOffset, length }] });
  }
  return page(call, disk, startOffset, (from) => disk.nextAllocated(view, from));
}

function changedAreas(
  call: Call,
  vm: VmState,
  index: number,
  disk: LabDisk,
  view: string | undefined,
  startOffset: number,
  changeId: string,
): Data {
  const changed = disk.tracking.changedSince(view, changeId);
  if (!changed) throw fileFault(vm, index);
  const { changedAreasFalsePercent: percent, changedAreasSeed: seed } = call.center.settings;
  return page(call, disk, startOffset, withFalsePositives(steps(changed), disk.grains, percent, seed));
}

function page(call: Call, disk: LabDisk, startOffset: number, next: NextGrain): Data {
  const { changedAreasPerPage: perPage, changedAreasPageBytes: pageBytes, changedAreasSeed } = call.center.settings;
  const found = pageOfAreas(next, disk.capacity, startOffset, { perPage, pageBytes, seed: changedAreasSeed });
  return diskChangeInfo(startOffset, found);
}

function diskChangeInfo(startOffset: number, found: ReturnType<typeof pageOfAreas>): Data {
  const areas = found.areas.map(({ start, length }) =>
    data('DiskChangeExtent', { start: long(start), length: long(length) }),
  );
  return data('DiskChangeInfo', {
    startOffset: long(startOffset),
    length: long(found.length),
    changedArea: list('DiskChangeExtent', areas),
  });
}

/** What vSphere says of a change id that it cannot use, and of a disk whose changes nobody tracks. */
function fileFault(vm: VmState, index: number): VimFault {
  const file = vm.fileNames[index]!;
  return new VimFault('FileFault', `Error caused by file ${file}`, { file });
}
