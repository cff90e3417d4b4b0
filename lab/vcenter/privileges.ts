// Privileges by their ids, and which the lab's user holds.

import type { VcenterSettings } from './settings.ts';
import { type Data, data, list, type MoRef, type Value } from './soap/value.ts';

/** The privileges that this vCenter knows; an id that is not here is never granted. */
const known = [
  'System.Anonymous',
  'System.View',
  'System.Read',
  'Sessions.ValidateSession',
  'Sessions.TerminateSession',
  'Global.CancelTask',
  'Global.DisableMethods',
  'Global.EnableMethods',
  'Global.Licenses',
  'Global.ManageCustomFields',
  'Global.SetCustomField',
  'Datastore.Browse',
  'Datastore.FileManagement',
  'Datastore.AllocateSpace',
  'Network.Assign',
  'Resource.AssignVMToPool',
  'VApp.Export',
  'VApp.Import',
  'VirtualMachine.Config.AdvancedConfig',
  'VirtualMachine.Config.CPUCount',
  'VirtualMachine.Config.ChangeTracking',
  'VirtualMachine.Config.DiskLease',
  'VirtualMachine.Config.EditDevice',
  'VirtualMachine.Config.Memory',
  'VirtualMachine.Config.Rename',
  'VirtualMachine.Config.Settings',
  'VirtualMachine.Interact.ConsoleInteract',
  'VirtualMachine.Interact.DeviceConnection',
  'VirtualMachine.Interact.PowerOff',
  'VirtualMachine.Interact.PowerOn',
  'VirtualMachine.Interact.Reset',
  'VirtualMachine.Interact.SetCDMedia',
  'VirtualMachine.Interact.Suspend',
  'VirtualMachine.Inventory.Create',
  'VirtualMachine.Inventory.Delete',
  'VirtualMachine.Provisioning.DiskRandomAccess',
  'VirtualMachine.Provisioning.DiskRandomRead',
  'VirtualMachine.Provisioning.GetVmFiles',
  'VirtualMachine.Provisioning.MarkAsTemplate',
  'VirtualMachine.Provisioning.MarkAsVM',
  'VirtualMachine.State.CreateSnapshot',
  'VirtualMachine.State.RemoveSnapshot',
  'VirtualMachine.State.RenameSnapshot',
  'VirtualMachine.State.RevertToSnapshot',
  'Cryptographer.Access',
];

export function isGranted(settings: VcenterSettings, privilege: string): boolean {
  return known.includes(privilege) && !settings.missingPrivileges.includes(privilege);
}

/** `EntityPrivilege` for each entity, in the order asked. */
export function entityPrivileges(settings: VcenterSettings, entities: MoRef[], privileges: string[]): Data[] {
  return entities.map((entity) =>
    data('EntityPrivilege', {
      entity,
      privAvailability: list(
        'PrivilegeAvailability',
        privileges.map((privId) => data('PrivilegeAvailability', { privId, isGranted: isGranted(settings, privId) })),
      ),
    }),
  );
}

export function grantedPrivileges(settings: VcenterSettings): string[] {
  return known.filter((privilege) => isGranted(settings, privilege));
}

export function authorizationProperties(): Record<string, () => Value> {
  return {
    privilegeList: () =>
      list(
        'AuthorizationPrivilege',
        known.map((privId) => {
          const cut = privId.lastIndexOf('.');
          return data('AuthorizationPrivilege', {
            privId,
            onParent: false,
            name: privId.slice(cut + 1),
            privGroupName: privId.slice(0, cut),
          });
        }),
      ),
    roleList: () =>
      list('AuthorizationRole', [
        data('AuthorizationRole', {
          roleId: -1,
          system: true,
          name: 'Admin',
          info: data('Description', { label: 'Administrator', summary: 'Full access rights' }),
          privilege: list('string', known),
        }),
      ]),
    description: () => undefined,
  };
}
