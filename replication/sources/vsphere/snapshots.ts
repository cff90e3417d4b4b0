// Takes and removes the snapshot of a run, also when a dead process began it.

import { pause } from '../../disks/pause.ts';
import { faultError } from '../../model/fault.ts';
import type { SourceSnapshot } from '../source.ts';
import { prepareTracking, whyNotTracked } from './change-tracking.ts';
import { readDevices, TRACKABLE_BACKINGS, type VmDisk } from './devices.ts';
import { asFaultError } from './faults.ts';
import { readObject } from './properties.ts';
import type { VimSession } from './session.ts';
import { VimFault } from './soap.ts';
import { pollDelay, runningTasks, TaskDeadline, waitForTask } from './tasks.ts';
import { EXTRA_CONFIG, readBootOrder, readSnapshots, readTools, type SnapshotNode } from './vm-record.ts';
import { element, type ManagedObject } from './xml/markup.ts';
import { AnswerError, children, object } from './xml/xml-node.ts';

export interface SnapshotTimes {
  /** For CreateSnapshot_Task, quiescing included. */
  takeMs: number;
  /** For the removal and the consolidation after it, waiting for other tasks included. */
  releaseMs: number;
  /** For another task on the server that keeps the removal from beginning; an export that nobody ends takes 5 minutes. */
  busyMs: number;
}

const SNAPSHOT_TIMES: SnapshotTimes = { takeMs: 15 * 60_000, releaseMs: 6 * 3_600_000, busyMs: 10 * 60_000 };

// That a guest cannot be brought to rest has many names (ApplicationQuiesceFault, GenericVmConfigFault, Timedout, a text in
// the language of vCenter): any failure may be one, but for these, which stand in the way of every snapshot.
const NOT_OF_QUIESCING = [
  'NoPermission',
  'NotAuthenticated',
  'ManagedObjectNotFound',
  'TaskInProgress',
  'InvalidPowerState',
  'NoDiskSpace',
  'InsufficientStorageSpace',
  'DatastoreNotWritableOnHost',
];

const CREATIONS = ['CreateSnapshot', 'CreateSnapshotEx'];

const AT_REST = 'The server is powered off: its disks are at rest.';

interface VmState {
  power: string;
  tools: ReturnType<typeof readTools>;
  snapshots: SnapshotNode[];
  consolidationNeeded: boolean;
}

/** A snapshot as it stands at vCenter. */
interface Taken {
  node: SnapshotNode;
  disks: VmDisk[];
  /** For people; of no meaning when the snapshot is quiesced. */
  notQuiescedBecause: string;
  /** The machine was off before the snapshot was taken. */
  atRest: boolean;
}

export interface SnapshotWishes {
  name: string;
  description: string;
  quiesce: boolean;
  /** Turn change tracking on where it is off and may be turned on. */
  trackChanges: boolean;
}

/** Takes the snapshot, or finds the one of this name that is there already or is being taken. */
export async function takeSnapshot(
  session: VimSession,
  vmId: string,
  options: SnapshotWishes,
  signal: AbortSignal,
  times: SnapshotTimes = SNAPSHOT_TIMES,
): Promise<SourceSnapshot> {
  const vm: ManagedObject = { type: 'VirtualMachine', value: vmId };
  const find = async () => (await readState(session, vm, signal)).snapshots.find(({ name }) => name === options.name);
  const there = (await find()) ?? (await waitForOthers(session, vm, CREATIONS, find, signal, times));
  if (there) {
    const taken = await look(session, there, 'It was taken by an earlier try, without quiescing.', signal);
    return describe(taken, await whyNotTracked(session, vm, there.ref.value, signal));
  }

  const untracked = await prepareTracking(session, vm, options.trackChanges, { signal, deadlineMs: times.takeMs });
  let taken = await takeFresh(session, vm, options, signal, times);
  if (untracked === null && taken.disks.some(awaitsChangeId)) {
    // Tracking begins with a stun only, and this snapshot may have been the first since it was turned on.
    await removeOurs(session, vmId, { id: taken.node.ref.value, name: options.name }, signal, times);
    taken = await takeFresh(session, vm, options, signal, times);
  }
  return describe(taken, untracked);
}

async function takeFresh(
  session: VimSession,
  vm: ManagedObject,
  options: SnapshotWishes,
  signal: AbortSignal,
  times: SnapshotTimes,
): Promise<Taken> {
  let notQuiescedBecause = whyNotQuiesced(options.quiesce, await readState(session, vm, signal));
  if (notQuiescedBecause === null) {
    try {
      return await create(session, vm, { ...options, quiesce: true }, null, signal, times);
    } catch (error) {
      if (!mayBeOfQuiescing(error)) throw error;
      notQuiescedBecause = `The quiesced snapshot failed, so it was taken without quiescing. vSphere says: ${error.message}`;
      const find = async () =>
        (await readState(session, vm, signal)).snapshots.find(({ name }) => name === options.name);
      // One that took too long is still under way: vSphere gives it up by itself, or brings it to its end after all.
      const isUnderWay = error instanceof TaskDeadline;
      const left = isUnderWay ? await waitForOthers(session, vm, CREATIONS, find, signal, times) : await find();
      if (left) return look(session, left, notQuiescedBecause, signal);
    }
  }
  return create(session, vm, { ...options, quiesce: false }, notQuiescedBecause, signal, times);
}

function awaitsChangeId({ changeId, backing }: VmDisk): boolean {
  return changeId === null && TRACKABLE_BACKINGS.includes(backing.type);
}

async function removeOurs(
  session: VimSession,
  vmId: string,
  snapshot: { id: string; name: string },
  signal: AbortSignal,
  times: SnapshotTimes,
): Promise<void> {
  try {
    await releaseSnapshot(session, vmId, snapshot, signal, times);
  } catch (error) {
    throw asFaultError(error, { during: 'release', signal });
  }
}

/** Removes every snapshot of this id or name, waits for what is under way on the machine, and consolidates. */
export async function releaseSnapshot(
  session: VimSession,
  vmId: string,
  wanted: { id: string | null; name: string },
  signal: AbortSignal,
  times: SnapshotTimes = SNAPSHOT_TIMES,
): Promise<void> {
  const vm: ManagedObject = { type: 'VirtualMachine', value: vmId };
  const deadline = Date.now() + times.releaseMs;
  let busySince: number | null = null;
  let othersAtWork = true;
  const left = () => ({ signal, deadlineMs: Math.max(0, deadline - Date.now()) });
  const isOurs = (one: SnapshotNode) => one.ref.value === wanted.id || one.name === wanted.name;
  try {
    for (let look = 0; ; look += 1) {
      // One may just be coming into being, or be on its way out already.
      const methods = ['CreateSnapshot', 'CreateSnapshotEx', 'RemoveSnapshot', 'ConsolidateVMDisks'];
      const tasks = othersAtWork ? await runningTasks(session, vm, methods, signal) : [];
      for (const task of tasks) await settled(waitForTask(session, task, left()));
      const state = await readState(session, vm, signal);
      const snapshot = state.snapshots.find(isOurs);
      if (!snapshot && !state.consolidationNeeded) return;
      const done = await attempt(session, vm, snapshot?.ref ?? null, left());
      if (done && !snapshot) return;
      // What we did ourselves came to its end: nobody was in its way.
      othersAtWork = !done;
      busySince = done ? null : (busySince ?? Date.now());
      if (busySince === null) continue;
      if (Date.now() >= Math.min(deadline, busySince + times.busyMs)) {
        throw new TaskDeadline('another task keeps the server busy');
      }
      await pause(pollDelay(look), signal);
    }
  } catch (error) {
    if (isGone(error, 'VirtualMachine')) return;
    throw error;
  }
}

/** One removal, or one consolidation; false when another task is in the way or the snapshot went meanwhile. */
async function attempt(
  session: VimSession,
  vm: ManagedObject,
  snapshot: ManagedObject | null,
  options: { signal: AbortSignal; deadlineMs: number },
): Promise<boolean> {
  const removal = [element('removeChildren', false), element('consolidate', true)];
  try {
    const answer = snapshot
      ? await session.call(snapshot, 'RemoveSnapshot_Task', removal, options)
      : await session.call(vm, 'ConsolidateVMDisks_Task', [], options);
    const task = object(answer, 'returnval');
    if (task) await waitForTask(session, task, options);
    return true;
  } catch (error) {
    const inTheWay = error instanceof VimFault && error.type === 'TaskInProgress';
    if (inTheWay || isGone(error, 'VirtualMachineSnapshot')) return false;
    throw error;
  }
}

/** Disks as they are in the snapshot, in boot order; those that it does not hold are left out. */
export async function readSnapshotDisks(
  session: VimSession,
  snapshotId: string,
  signal: AbortSignal,
): Promise<VmDisk[]> {
  const snapshot: ManagedObject = { type: 'VirtualMachineSnapshot', value: snapshotId };
  const paths = ['config.hardware', 'config.bootOptions', 'config.firmware', EXTRA_CONFIG, 'config.instanceUuid'];
  const { properties } = await readObject(session, snapshot, paths, signal);
  const devices = children(properties.get('config.hardware'), 'device');
  const owner = properties.get('config.instanceUuid')?.text || snapshotId;
  return readDevices(devices, readBootOrder(properties), owner).disks.filter(
    (disk) => !disk.trouble.includes('independent') && !disk.trouble.includes('raw-physical'),
  );
}

async function create(
  session: VimSession,
  vm: ManagedObject,
  options: { name: string; description: string; quiesce: boolean },
  notQuiescedBecause: string | null,
  signal: AbortSignal,
  times: SnapshotTimes,
): Promise<Taken> {
  const answer = await session.make(
    vm,
    'CreateSnapshot_Task',
    [
      element('name', options.name),
      element('description', options.description),
      element('memory', false),
      element('quiesce', options.quiesce),
    ],
    signal,
  );
  const task = object(answer, 'returnval');
  if (!task) throw new AnswerError('CreateSnapshot_Task gave no task');
  const made = await waitForTask(session, task, { signal, deadlineMs: times.takeMs });
  const { snapshots } = await readState(session, vm, signal);
  const node = snapshots.find(({ ref, name }) => ref.value === made?.value || (!made && name === options.name));
  if (!node) throw faultError('snapshot-failed', { message: 'The snapshot was removed as soon as it was taken.' });
  return look(session, node, notQuiescedBecause ?? 'vSphere took the snapshot without quiescing the guest.', signal);
}

async function look(
  session: VimSession,
  node: SnapshotNode,
  notQuiescedBecause: string,
  signal: AbortSignal,
): Promise<Taken> {
  const disks = await readSnapshotDisks(session, node.ref.value, signal);
  return { node, notQuiescedBecause, disks, atRest: notQuiescedBecause === AT_REST };
}

/** @param untracked why no change id of the machine can be trusted, or null */
function describe({ node, disks, notQuiescedBecause, atRest }: Taken, untracked: string | null): SourceSnapshot {
  return {
    snapshotId: node.ref.value,
    name: node.name,
    takenAt: node.createdAt,
    quiesced: node.quiesced,
    notQuiescedBecause: node.quiesced ? null : notQuiescedBecause,
    atRest,
    disks: disks.map((disk) => {
      const { id, key, label, capacityBytes, order } = disk;
      const changeId = untracked === null ? disk.changeId : null;
      const notTrackedBecause = changeId === null ? (untracked ?? withoutChangeId(disk)) : null;
      return { id, key, label, capacityBytes, order, changeId, notTrackedBecause };
    }),
  };
}

function withoutChangeId({ backing, kind }: VmDisk): string {
  return TRACKABLE_BACKINGS.includes(backing.type)
    ? 'Change tracking is on, but vSphere gives no change id for this disk.'
    : `vSphere does not track the changes of a disk of this kind (${kind}).`;
}

/** Waits for running tasks of these methods, whatever their outcome, then looks again. */
async function waitForOthers(
  session: VimSession,
  vm: ManagedObject,
  methods: readonly string[],
  find: () => Promise<SnapshotNode | undefined>,
  signal: AbortSignal,
  times: SnapshotTimes,
): Promise<SnapshotNode | undefined> {
  const tasks = await runningTasks(session, vm, methods, signal);
  for (const task of tasks) await settled(waitForTask(session, task, { signal, deadlineMs: times.takeMs }));
  // Looked for in any case: the task may have ended between the first look and the list of tasks.
  return find();
}

/** Another's task: that it failed is not our failure. */
async function settled(waiting: Promise<unknown>): Promise<void> {
  await waiting.catch((error) => {
    if (!(error instanceof VimFault)) throw error;
  });
}

async function readState(session: VimSession, vm: ManagedObject, signal: AbortSignal): Promise<VmState> {
  const paths = [
    'snapshot',
    'runtime.powerState',
    'runtime.consolidationNeeded',
    'guest.toolsRunningStatus',
    'guest.toolsVersionStatus2',
  ];
  const { properties } = await readObject(session, vm, paths, signal);
  const value = (path: string) => properties.get(path)?.text || null;
  return {
    power: value('runtime.powerState') ?? '',
    tools: readTools(value('guest.toolsRunningStatus'), value('guest.toolsVersionStatus2')),
    snapshots: readSnapshots(properties.get('snapshot')),
    consolidationNeeded: value('runtime.consolidationNeeded') === 'true',
  };
}

function whyNotQuiesced(wanted: boolean, state: VmState): string | null {
  if (state.power === 'suspended') return 'The server is suspended: its guest cannot be asked.';
  // What vCenter does not tell is no rest.
  if (state.power === 'poweredOff') return AT_REST;
  if (!wanted) return 'Quiescing was not asked for.';
  if (state.tools === 'not-installed') return 'VMware Tools is not installed in the guest.';
  return state.tools === 'running' ? null : 'VMware Tools is not running in the guest.';
}

/** Whether a snapshot that failed with the guest quiesced may go through without. */
function mayBeOfQuiescing(error: unknown): error is VimFault | TaskDeadline {
  if (error instanceof TaskDeadline) return true;
  if (!(error instanceof VimFault) || NOT_OF_QUIESCING.includes(error.type)) return false;
  return asFaultError(error, { during: 'snapshot' }).fault.code === 'snapshot-failed';
}

/** Whether the object that a call was about is no longer there. */
export function isGone(error: unknown, type: string): boolean {
  if (!(error instanceof VimFault) || error.type !== 'ManagedObjectNotFound') return false;
  return object(error.details ?? undefined, 'obj')?.type === type;
}
