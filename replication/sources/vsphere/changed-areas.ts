// Which areas of a disk changed between a change id and a snapshot: QueryChangedDiskAreas, page by page.

import type { Extent } from '../../model/extent.ts';
import { faultError } from '../../model/fault.ts';
import { foreignText } from '../../model/foreign-text.ts';
import { ChangesUnknown } from '../source.ts';
import type { VmDisk } from './devices.ts';
import { GatheredExtents } from './gathered-extents.ts';
import type { VimSession } from './session.ts';
import { readSnapshotDisks } from './snapshots.ts';
import { VimFault } from './soap.ts';
import { element, type ManagedObject, reference } from './xml/markup.ts';
import { AnswerError, child, children, integer, text, type XmlNode } from './xml/xml-node.ts';

/** The change id that asks for everything that is allocated. */
const ALLOCATED = '*';
const PRIVILEGE = 'VirtualMachine.Provisioning.DiskRandomRead';
const ALL_PAGES_MS = 30 * 60_000;

// Not about the changes: gone, or out of reach for now. Asked again it may answer.
const ORDINARY_FAULTS = [
  'NotAuthenticated',
  'ManagedObjectNotFound',
  'HostCommunication',
  'HostNotConnected',
  'HostNotReachable',
  'HostConnectFault',
  'NoHost',
  'RequestCanceled',
];

interface Page {
  startOffset: number;
  length: number;
  areas: Extent[];
}

/**
 * The changed areas, rounded out to blocks; very many are joined across small gaps, so the answer stays small.
 * @param since a change id of an earlier snapshot of this disk, or `*`
 * @throws ChangesUnknown when vCenter cannot say; VimFault and what else a call throws when it could not be asked
 */
export async function changedAreas(
  session: VimSession,
  vmId: string,
  snapshotId: string,
  diskId: string,
  since: string,
  signal: AbortSignal,
): Promise<Extent[]> {
  // By identity, in the snapshot's own list: keys move with a disk, and names with its files.
  const disk = (await readSnapshotDisks(session, snapshotId, signal)).find(({ id }) => id === diskId);
  if (!disk) throw faultError('disk-unsupported', { message: `The snapshot holds no disk ${diskId}.` });
  demandLineage(disk, since);
  const gathered = new GatheredExtents(disk.capacityBytes);
  const deadline = Date.now() + ALL_PAGES_MS;
  for (let at = 0; at < disk.capacityBytes; ) {
    const page = await askPage(session, vmId, snapshotId, disk, since, at, signal);
    if (page.startOffset !== at) {
      throw new ChangesUnknown(`vCenter was asked about changes from byte ${at} on, and told of ${page.startOffset}.`);
    }
    if (page.length <= 0) throw new ChangesUnknown('vCenter told of changes without coming further in the disk.');
    for (const { offset, length } of page.areas) {
      if (offset < 0 || length < 0 || offset + length > disk.capacityBytes) {
        throw new ChangesUnknown('vCenter told of changes beyond the end of the disk.');
      }
    }
    gathered.add(page.areas);
    // An empty page says that nothing changed in its part, not that nothing follows.
    at += page.length;
    if (Date.now() >= deadline) throw new ChangesUnknown('vCenter took too long to tell what changed.');
  }
  return gathered.extents();
}

/** A change id is `<UUID of the tracking>/<number>`; under another UUID, or a later number, it means nothing here. */
function demandLineage(disk: VmDisk, since: string): void {
  if (disk.changeId === null) throw new ChangesUnknown('vSphere did not track the changes of this disk.');
  if (since === ALLOCATED) return;
  const then = readChangeId(since);
  const now = readChangeId(disk.changeId);
  if (!then || !now) throw new ChangesUnknown('The change ids of this disk are not of the form that vSphere gives.');
  if (then.lineage !== now.lineage) {
    throw new ChangesUnknown('Change tracking of this disk was begun anew since the last run.');
  }
  if (then.number > now.number) {
    throw new ChangesUnknown('The disk was set back to a state before the last run.');
  }
}

function readChangeId(changeId: string): { lineage: string; number: number } | null {
  const [, lineage, number] = /^(.+)\/(\d+)$/.exec(changeId.trim()) ?? [];
  return lineage === undefined ? null : { lineage, number: Number(number) };
}

async function askPage(
  session: VimSession,
  vmId: string,
  snapshotId: string,
  disk: VmDisk,
  since: string,
  startOffset: number,
  signal: AbortSignal,
): Promise<Page> {
  const vm: ManagedObject = { type: 'VirtualMachine', value: vmId };
  const parameters = [
    reference('snapshot', { type: 'VirtualMachineSnapshot', value: snapshotId }),
    element('deviceKey', disk.key),
    element('startOffset', startOffset),
    element('changeId', since),
  ];
  let answer: XmlNode;
  try {
    answer = await session.call(vm, 'QueryChangedDiskAreas', parameters, { signal });
  } catch (error) {
    throw error instanceof VimFault && !ORDINARY_FAULTS.includes(error.type) ? unknown(error, since) : error;
  }
  try {
    return readPage(child(answer, 'returnval'));
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    throw new ChangesUnknown('vCenter told of changes in a form that cannot be understood.', { cause: error });
  }
}

function readPage(info: XmlNode | undefined): Page {
  const number = (node: XmlNode | undefined, name: string) => {
    const value = integer(node, name);
    if (value === null) throw new AnswerError(`the answer lacks ${name}`);
    return value;
  };
  return {
    startOffset: number(info, 'startOffset'),
    length: number(info, 'length'),
    areas: children(info, 'changedArea').map((area) => ({
      offset: number(area, 'start'),
      length: number(area, 'length'),
    })),
  };
}

function unknown(error: VimFault, since: string): ChangesUnknown {
  const said = foreignText(`${error.type}: ${error.message}`, 300);
  if (error.type === 'NoPermission') {
    const privilege = text(error.details ?? undefined, 'privilegeId') ?? PRIVILEGE;
    return new ChangesUnknown(`The connector's vCenter account lacks ${privilege}.`, { cause: error });
  }
  if (error.type === 'MethodNotFound' || error.type === 'NotSupported' || error.type === 'NotImplemented') {
    return new ChangesUnknown(`This vCenter cannot tell what changed (${error.type}).`, { cause: error });
  }
  const reason =
    since === ALLOCATED
      ? `vCenter cannot tell what is allocated on this disk (${said}).`
      : `vCenter cannot tell what changed since the last run (${said}).`;
  return new ChangesUnknown(reason, { cause: error });
}
