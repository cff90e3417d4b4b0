// Properties of a virtual machine other than its configuration: runtime, guest, summary, snapshots.
import { diskFiles, filesOf } from '../datastore-files.ts';
import type { DiskStore } from '../disks/store.ts';
import { isGoingDown, openQuestion } from '../power.ts';
import { type Data, data, list, long, type MoRef, member, ref, time, type Value } from '../soap/value.ts';
import type { SnapshotState, VmState } from '../state.ts';
import { tracksChanges } from '../tracking.ts';
import { resourceConfig } from './allocation.ts';
import type { Places } from './tree.ts';
import { biosUuid, diskKey, instanceUuid, vmConfig, vmPath } from './vm-config.ts';

export function vmProperties(disks: DiskStore, state: VmState, places: () => Places): Record<string, () => Value> {
  return {
    config: () => vmConfig(state.vm, state.fileNames, state, places()),
    runtime: () => runtime(state, places()),
    guest: () => guest(state),
    summary: () => summary(state, places()),
    snapshot: () => snapshotInfo(state),
    rootSnapshot: () =>
      list(
        'ManagedObjectReference',
        state.snapshots.filter((one) => !one.parent).map(({ id }) => ref('VirtualMachineSnapshot', id)),
      ),
    datastore: () => {
      const found = [places().datastore, ...state.fileNames.map((name) => places().datastoreOf(name))];
      const known = new Map(found.filter((one) => one !== undefined).map((one) => [one.value, one]));
      return list('ManagedObjectReference', [...known.values()]);
    },
    network: () =>
      list('ManagedObjectReference', [
        ...new Map(
          state.vm.nics
            .map((nic) => places().network(nic.network))
            .filter((network) => network !== undefined)
            .map((network) => [network.value, network]),
        ).values(),
      ]),
    resourcePool: () => (state.vm.template ? undefined : (places().vApp ?? places().pool)),
    parentVApp: () => places().vApp,
    guestHeartbeatStatus: () => member('ManagedEntityStatus', toolsRunning(state) ? 'green' : 'gray'),
    capability: () =>
      data('VirtualMachineCapability', {
        snapshotOperationsSupported: true,
        multipleSnapshotsSupported: true,
        snapshotConfigSupported: true,
        poweredOffSnapshotsSupported: true,
        memorySnapshotsSupported: true,
        revertToSnapshotSupported: false,
        quiescedSnapshotsSupported: true,
        changeTrackingSupported: tracksChanges(state),
      }),
    resourceConfig: () =>
      resourceConfig(
        ref('VirtualMachine', state.vm.id),
        { cpu: state.vm.cpus * 1000, memory: state.vm.memoryMiB * 10 },
        false,
      ),
    storage: () => storageInfo(disks, state, places()),
    layoutEx: () => layoutEx(disks, state),
  };
}

/** Tools answer only in a machine that is on. */
export function toolsRunning(state: VmState): boolean {
  return state.vm.power === 'poweredOn' && state.vm.tools === 'running' && !isGoingDown(state);
}

function runtime(state: VmState, places: Places): Data {
  return data('VirtualMachineRuntimeInfo', {
    host: places.host,
    connectionState: member('VirtualMachineConnectionState', 'connected'),
    powerState: member('VirtualMachinePowerState', state.vm.power),
    faultToleranceState: member('VirtualMachineFaultToleranceState', 'notConfigured'),
    toolsInstallerMounted: false,
    bootTime: state.vm.power === 'poweredOn' && state.bootedAt ? time(state.bootedAt) : undefined,
    suspendTime: undefined,
    question: question(state),
    maxCpuUsage: state.vm.cpus * 2600,
    maxMemoryUsage: state.vm.memoryMiB,
    numMksConnections: 0,
    recordReplayState: member('VirtualMachineRecordReplayState', 'inactive'),
    onlineStandby: false,
    consolidationNeeded: state.consolidationNeeded,
  });
}

function question(state: VmState): Value {
  const text = openQuestion(state);
  return text === undefined
    ? undefined
    : data('VirtualMachineQuestionInfo', {
        id: '1',
        text,
        choice: data('ChoiceOption', {
          choiceInfo: list('ElementDescription', [
            data('ElementDescription', { label: 'OK', summary: 'OK', key: '0' }),
          ]),
          defaultIndex: 0,
        }),
      });
}

function toolsStatus(state: VmState): string {
  if (state.vm.tools === 'notInstalled') return 'toolsNotInstalled';
  return toolsRunning(state) ? 'toolsOk' : 'toolsNotRunning';
}

function guest(state: VmState): Data {
  const { vm } = state;
  const running = toolsRunning(state);
  const known = vm.tools !== 'notInstalled';
  const family = vm.guestId.startsWith('windows') ? 'windowsGuest' : 'linuxGuest';
  const nics = running
    ? vm.nics.map((nic, index) =>
        data('GuestNicInfo', {
          network: nic.network,
          ipAddress: list('string', nic.ips),
          macAddress: nic.mac,
          connected: true,
          deviceConfigId: 4000 + index,
        }),
      )
    : [];
  const disks = running
    ? vm.disks.map((disk, index) =>
        data('GuestDiskInfo', {
          diskPath: family === 'windowsGuest' ? `${'CDEFGH'[index]}:\\` : index === 0 ? '/' : `/data${index}`,
          capacity: long(disk.capacityBytes),
          freeSpace: long(disk.capacityBytes * 0.6),
        }),
      )
    : [];
  return data('GuestInfo', {
    toolsStatus: member('VirtualMachineToolsStatus', toolsStatus(state)),
    toolsVersionStatus: known ? 'guestToolsCurrent' : 'guestToolsNotInstalled',
    toolsVersionStatus2: known ? 'guestToolsCurrent' : 'guestToolsNotInstalled',
    toolsRunningStatus: running ? 'guestToolsRunning' : 'guestToolsNotRunning',
    toolsVersion: known ? '12352' : '0',
    guestId: running ? vm.guestId : undefined,
    guestFamily: running ? family : undefined,
    guestFullName: running ? vm.guestFullName : undefined,
    hostName: running ? vm.hostName : undefined,
    ipAddress: running ? vm.nics[0]?.ips[0] : undefined,
    net: list('GuestNicInfo', nics),
    ipStack: list('GuestStackInfo', []),
    disk: list('GuestDiskInfo', disks),
    guestState: isGoingDown(state) ? 'shuttingDown' : running ? 'running' : 'notRunning',
    appHeartbeatStatus: 'appStatusGray',
    guestOperationsReady: running,
    interactiveGuestOperationsReady: false,
  });
}

function summary(state: VmState, places: Places): Data {
  const { vm } = state;
  const running = toolsRunning(state);
  const known = vm.tools !== 'notInstalled';
  const status = member('ManagedEntityStatus', 'green');
  return data('VirtualMachineSummary', {
    vm: ref('VirtualMachine', vm.id),
    runtime: runtime(state, places),
    guest: data('VirtualMachineGuestSummary', {
      guestId: running ? vm.guestId : undefined,
      guestFullName: running ? vm.guestFullName : undefined,
      toolsStatus: member('VirtualMachineToolsStatus', toolsStatus(state)),
      toolsVersionStatus: known ? 'guestToolsCurrent' : 'guestToolsNotInstalled',
      toolsVersionStatus2: known ? 'guestToolsCurrent' : 'guestToolsNotInstalled',
      toolsRunningStatus: running ? 'guestToolsRunning' : 'guestToolsNotRunning',
      hostName: running ? vm.hostName : undefined,
      ipAddress: running ? vm.nics[0]?.ips[0] : undefined,
    }),
    config: data('VirtualMachineConfigSummary', {
      name: vm.name,
      template: vm.template ?? false,
      vmPathName: vmPath(vm),
      memorySizeMB: vm.memoryMiB,
      cpuReservation: 0,
      memoryReservation: 0,
      numCpu: vm.cpus,
      numEthernetCards: vm.nics.length,
      numVirtualDisks: vm.disks.length,
      uuid: biosUuid(vm),
      instanceUuid: instanceUuid(vm),
      guestId: vm.guestId,
      guestFullName: vm.guestFullName,
      annotation: vm.annotation ?? '',
      installBootRequired: false,
    }),
    storage: data('VirtualMachineStorageSummary', {
      committed: long(vm.disks.reduce((sum, disk) => sum + allocatedBytes(disk.content, disk.capacityBytes), 0)),
      uncommitted: long(vm.disks.reduce((sum, disk) => sum + disk.capacityBytes, 0)),
      unshared: long(0),
      timestamp: time(Date.now()),
    }),
    quickStats: data('VirtualMachineQuickStats', {
      overallCpuUsage: vm.power === 'poweredOn' ? 120 * vm.cpus : 0,
      guestMemoryUsage: vm.power === 'poweredOn' ? Math.round(vm.memoryMiB / 5) : 0,
      hostMemoryUsage: vm.power === 'poweredOn' ? Math.round(vm.memoryMiB / 2) : 0,
      guestHeartbeatStatus: member('ManagedEntityStatus', running ? 'green' : 'gray'),
      uptimeSeconds:
        vm.power === 'poweredOn' && state.bootedAt ? Math.round((Date.now() - Date.parse(state.bootedAt)) / 1000) : 0,
    }),
    overallStatus: status,
  });
}

function allocatedBytes(content: VmState['vm']['disks'][number]['content'], capacity: number): number {
  if (content.kind === 'seeded') return content.allocatedBytes;
  if (content.kind === 'incompressible') return content.bytes;
  return content.kind === 'image' ? capacity : 0;
}

function snapshotInfo(state: VmState): Value {
  const current = state.snapshots.at(-1);
  if (!current) return undefined;
  const tree = (snapshot: SnapshotState): Data =>
    data('VirtualMachineSnapshotTree', {
      snapshot: ref('VirtualMachineSnapshot', snapshot.id),
      vm: ref('VirtualMachine', state.vm.id),
      name: snapshot.name,
      description: snapshot.description,
      id: snapshot.number,
      createTime: time(snapshot.createdAt),
      state: member('VirtualMachinePowerState', 'poweredOff'),
      quiesced: snapshot.quiesced,
      backupManifest: undefined,
      childSnapshotList: list(
        'VirtualMachineSnapshotTree',
        state.snapshots.filter((inner) => inner.parent === snapshot.id).map(tree),
      ),
      replaySupported: false,
    });
  return data('VirtualMachineSnapshotInfo', {
    currentSnapshot: ref('VirtualMachineSnapshot', current.id),
    rootSnapshotList: list('VirtualMachineSnapshotTree', state.snapshots.filter((one) => !one.parent).map(tree)),
  });
}

/** The machine's files; of each disk its chain, base first, each link a descriptor and an extent. */
function layoutEx(disks: DiskStore, state: VmState): Data {
  const files = filesOf(disks, state).filter(({ kind }) => kind !== 'iso');
  const keyOf = (name: string) => files.findIndex((file) => file.name === name);
  const chains = state.vm.disks.map((disk, index) => {
    const own = diskFiles(disks, state, index);
    const links = own.flatMap(({ kind, name }, at) => (kind === 'diskDescriptor' ? [[name, own[at + 1]!.name]] : []));
    return data('VirtualMachineFileLayoutExDiskLayout', {
      key: diskKey(disk),
      chain: list(
        'VirtualMachineFileLayoutExDiskUnit',
        links.map((link) => data('VirtualMachineFileLayoutExDiskUnit', { fileKey: list('int', link.map(keyOf)) })),
      ),
    });
  });
  return data('VirtualMachineFileLayoutEx', {
    file: list(
      'VirtualMachineFileLayoutExFileInfo',
      files.map((file, key) => {
        const bytes = file.bytes();
        return data('VirtualMachineFileLayoutExFileInfo', {
          key,
          name: file.name,
          type: file.kind,
          size: long(bytes),
          uniqueSize: long(bytes),
          backingObjectId: '',
          accessible: true,
        });
      }),
    ),
    disk: list('VirtualMachineFileLayoutExDiskLayout', chains),
    snapshot: list('VirtualMachineFileLayoutExSnapshotLayout', []),
    timestamp: time(Date.now()),
  });
}

/** What the machine takes on each of its datastores, and could still take. */
function storageInfo(disks: DiskStore, state: VmState, places: Places): Data {
  const usage = new Map<string, { store: MoRef; committed: number; capacity: number }>();
  const onStore = (name: string) => {
    const store = places.datastoreOf(name) ?? places.datastore;
    const known = usage.get(store.value) ?? { store, committed: 0, capacity: 0 };
    usage.set(store.value, known);
    return known;
  };
  for (const file of filesOf(disks, state)) if (file.kind !== 'iso') onStore(file.name).committed += file.bytes();
  state.vm.disks.forEach((disk, index) => {
    onStore(state.fileNames[index]!).capacity += disk.capacityBytes;
  });
  return data('VirtualMachineStorageInfo', {
    perDatastoreUsage: list(
      'VirtualMachineUsageOnDatastore',
      [...usage.values()].map(({ store, committed, capacity }) =>
        data('VirtualMachineUsageOnDatastore', {
          datastore: store,
          committed: long(committed),
          uncommitted: long(Math.max(0, capacity - committed)),
          unshared: long(committed),
        }),
      ),
    ),
    timestamp: time(Date.now()),
  });
}
