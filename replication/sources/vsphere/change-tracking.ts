// Changed block tracking of a machine: turns it on where that is safe, and says why its change ids cannot be trusted.
import { foreignText } from '../../model/foreign-text.ts';
import { readObject } from './properties.ts';
import type { VimSession } from './session.ts';
import { VimFault } from './soap.ts';
import { waitForTask } from './tasks.ts';
import { readSnapshots, type SnapshotNode } from './vm-record.ts';
import { element, type ManagedObject } from './xml/markup.ts';
import { AnswerError, object, text } from './xml/xml-node.ts';

const PRIVILEGE = 'VirtualMachine.Config.ChangeTracking';
const FIRST_HARDWARE = 7;
const OFF = 'Change tracking is off, and vSphere must not turn it on while';

interface TrackingState {
  supported: boolean;
  enabled: boolean;
  /** `vmx-19` */
  hardwareVersion: string;
  snapshots: SnapshotNode[];
  consolidationNeeded: boolean;
}

/**
 * To be called before the snapshot is taken. Turns tracking on when it is off, that is wanted, and no snapshot exists:
 * since 6.5 vSphere does not refuse it under a snapshot, and then misses changes without a word.
 * @returns null when the change ids of the next snapshot can be trusted (it may have none), else why not, for people
 */
export async function prepareTracking(
  session: VimSession,
  vm: ManagedObject,
  wanted: boolean,
  options: { signal: AbortSignal; deadlineMs: number },
): Promise<string | null> {
  const state = await readTracking(session, vm, options.signal);
  if (state.enabled) return whyBlind(session, state.snapshots, options.signal);
  const why = wanted ? whyNotEnabled(state) : 'Change tracking is off, and this run was not to turn it on.';
  if (why !== null) return why;
  const refusal = await setTracking(session, vm, true, options);
  if (refusal !== null) return refusal;
  const after = await readTracking(session, vm, options.signal);
  if (after.snapshots.length > 0) {
    // Somebody took a snapshot in the same moment: nobody can tell which came first.
    await setTracking(session, vm, false, options);
    return `${OFF} the server has snapshots; one was taken just then.`;
  }
  return after.enabled ? null : 'vSphere did not turn change tracking on.';
}

/** Why the change ids of a snapshot that is there cannot be trusted, or null. */
export async function whyNotTracked(
  session: VimSession,
  vm: ManagedObject,
  ownSnapshotId: string,
  signal: AbortSignal,
): Promise<string | null> {
  const { enabled, snapshots } = await readTracking(session, vm, signal);
  if (!enabled) return 'Change tracking is off.';
  const others = snapshots.filter(({ ref }) => ref.value !== ownSnapshotId);
  return whyBlind(session, others, signal);
}

function whyNotEnabled({ supported, hardwareVersion, snapshots, consolidationNeeded }: TrackingState): string | null {
  const hardware = Number(/\d+$/.exec(hardwareVersion)?.[0] ?? 0);
  if (hardware < FIRST_HARDWARE) {
    return `The server's virtual hardware (${hardwareVersion || 'unknown'}) cannot track changes; version ${FIRST_HARDWARE} can.`;
  }
  if (!supported) return 'vSphere cannot track the changes of this server.';
  if (snapshots.length > 0) return `${OFF} the server has snapshots.`;
  return consolidationNeeded ? `${OFF} its disks need consolidation.` : null;
}

/** A snapshot that was taken without tracking, below tracking that is on: it was turned on while the snapshot existed. */
async function whyBlind(
  session: VimSession,
  snapshots: readonly SnapshotNode[],
  signal: AbortSignal,
): Promise<string | null> {
  for (const { ref, name } of snapshots) {
    try {
      const { properties } = await readObject(session, ref, ['config.changeTrackingEnabled'], signal);
      if (properties.get('config.changeTrackingEnabled')?.text !== 'false') continue;
      return `Change tracking was turned on while the server had the snapshot “${name}”, and misses changes since. Remove that snapshot.`;
    } catch (error) {
      // It was removed meanwhile.
      if (!(error instanceof VimFault) || error.type !== 'ManagedObjectNotFound') throw error;
    }
  }
  return null;
}

/** @returns null when it was done, else the refusal in words */
async function setTracking(
  session: VimSession,
  vm: ManagedObject,
  enabled: boolean,
  options: { signal: AbortSignal; deadlineMs: number },
): Promise<string | null> {
  const spec = element('spec', [element('changeTrackingEnabled', enabled)]);
  try {
    const task = object(await session.make(vm, 'ReconfigVM_Task', [spec], options.signal), 'returnval');
    if (!task) throw new AnswerError('ReconfigVM_Task gave no task');
    await waitForTask(session, task, options);
    return null;
  } catch (error) {
    if (!(error instanceof VimFault) || error.type === 'ManagedObjectNotFound') throw error;
    if (error.type === 'NoPermission') {
      const privilege = text(error.details ?? undefined, 'privilegeId') ?? PRIVILEGE;
      return `Change tracking is off, and the connector's vCenter account lacks ${privilege} to turn it on.`;
    }
    return foreignText(`vSphere refused to turn change tracking on: ${error.message}`, 600);
  }
}

async function readTracking(session: VimSession, vm: ManagedObject, signal: AbortSignal): Promise<TrackingState> {
  // Not from extraConfig: vCenter does not always tell anew what it holds after snapshots came and went.
  const paths = [
    'capability.changeTrackingSupported',
    'config.changeTrackingEnabled',
    'config.version',
    'runtime.consolidationNeeded',
    'snapshot',
  ];
  const { properties } = await readObject(session, vm, paths, signal);
  const isTrue = (path: string) => properties.get(path)?.text === 'true';
  return {
    supported: isTrue('capability.changeTrackingSupported'),
    enabled: isTrue('config.changeTrackingEnabled'),
    hardwareVersion: properties.get('config.version')?.text ?? '',
    snapshots: readSnapshots(properties.get('snapshot')),
    consolidationNeeded: isTrue('runtime.consolidationNeeded'),
  };
}
