// The privileges that the account needs, by what they are for, and which of them it lacks.
import type { Places } from './places.ts';
import { readObject } from './properties.ts';
import type { VimSession } from './session.ts';
import { element, type ManagedObject, reference } from './xml/markup.ts';
import { children, flag, members, object, requiredText, text } from './xml/xml-node.ts';

export interface Privilege {
  id: string;
  /** What it is for, in plain words. */
  purpose: string;
  /** What Landfall cannot do then, as a sentence; where that is not plain from the purpose. */
  without?: string;
}

/**
 * Ids as vCenter knows them (all in the privilege list of vCenter 8), by purpose. `copy` is what a run of whole disks
 * needs; `changes` is for change tracking, `folder` for reading files of datastores by ranges, `exports` for those
 * that an interruption left open, `cutover` for shutting the source down.
 */
export const PRIVILEGES = {
  copy: [
    { id: 'VirtualMachine.State.CreateSnapshot', purpose: 'to freeze the disks of a server' },
    { id: 'VirtualMachine.State.RemoveSnapshot', purpose: 'to remove the snapshot after the copy' },
    { id: 'VApp.Export', purpose: 'to read the disks of a snapshot' },
  ],
  changes: [
    { id: 'VirtualMachine.Config.ChangeTracking', purpose: 'to turn on changed block tracking' },
    { id: 'VirtualMachine.Provisioning.DiskRandomRead', purpose: 'to ask which blocks have changed' },
  ],
  folder: [
    { id: 'Datastore.Browse', purpose: 'to read only changed places of a disk from its datastore' },
    { id: 'Datastore.FileManagement', purpose: 'to read only changed places of a disk from its datastore' },
  ],
  exports: [
    {
      id: 'Global.CancelTask',
      purpose: 'to end an export whose beginning vCenter could not answer',
      without: 'Without it a run waits in such a case until vCenter ends that export by itself, about five minutes.',
    },
  ],
  cutover: [
    {
      id: 'VirtualMachine.Interact.PowerOff',
      purpose: 'to shut the source down for the cutover',
      without: 'Without it a cutover cannot shut the server down: somebody has to do that in vCenter.',
    },
    {
      id: 'VirtualMachine.Interact.PowerOn',
      purpose: 'to start the source again when a cutover is rolled back',
      without:
        'Without it a cutover cannot be rolled back by powering the server on: somebody has to do that in vCenter.',
    },
  ],
} as const satisfies Record<string, readonly Privilege[]>;

export type Purpose = keyof typeof PRIVILEGES;

export interface PrivilegeState extends Privilege {
  /** Names of the datacenters on which the account lacks it; empty when it has it everywhere. */
  missingOn: string[];
}

/**
 * Checks the privileges of the purposes on every datacenter that the account sees, or on the root folder when it sees
 * none. A privilege that this vCenter does not know cannot be granted, so it is left out.
 */
export async function checkPrivileges(
  session: VimSession,
  purposes: readonly Purpose[],
  places: Places,
  signal: AbortSignal,
): Promise<PrivilegeState[]> {
  const { authorizationManager, rootFolder } = await session.content(signal);
  // ESXi without vCenter has no roles to speak of.
  if (!authorizationManager) return [];
  const known = await knownPrivileges(session, authorizationManager, signal);
  const asked = purposes
    .flatMap((purpose): readonly Privilege[] => PRIVILEGES[purpose])
    .filter(({ id }) => known.size === 0 || known.has(id));
  const datacenters = places.datacenters();
  const entities = datacenters.length > 0 ? datacenters : [rootFolder];
  const answer = await session.call(
    authorizationManager,
    'HasPrivilegeOnEntities',
    [
      ...entities.map((entity) => reference('entity', entity)),
      element('sessionId', await session.key(signal)),
      ...asked.map(({ id }) => element('privId', id)),
    ],
    { signal },
  );
  const lacking = new Map<string, string[]>();
  for (const entity of children(answer, 'returnval')) {
    const name = places.name(object(entity, 'entity'));
    for (const one of children(entity, 'privAvailability')) {
      if (flag(one, 'isGranted')) continue;
      const id = requiredText(one, 'privId');
      lacking.set(id, [...(lacking.get(id) ?? []), name]);
    }
  }
  return asked.map((privilege) => ({ ...privilege, missingOn: lacking.get(privilege.id) ?? [] }));
}

async function knownPrivileges(
  session: VimSession,
  authorizationManager: ManagedObject,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { properties } = await readObject(session, authorizationManager, ['privilegeList'], signal);
  return new Set(members(properties.get('privilegeList')).flatMap((node) => text(node, 'privId') ?? []));
}
