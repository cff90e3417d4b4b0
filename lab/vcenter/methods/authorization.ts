// Asking which privileges a session or a user has.
import { entityPrivileges, grantedPrivileges } from '../privileges.ts';
import { refOf } from '../properties/select.ts';
import { childrenNamed, textOf, textsOf } from '../soap/element.ts';
import { invalidArgument, VimFault } from '../soap/fault.ts';
import { data, list } from '../soap/value.ts';
import type { Call, Methods } from './method.ts';

function entitiesOf(call: Call, name: string) {
  return childrenNamed(call.args, name).map((element) => call.center.get(refOf(element, name)).ref);
}

function demandUser(call: Call): void {
  const user = textOf(call.args, 'userName');
  if (user === undefined) throw invalidArgument('userName');
  const same = user.toLowerCase() === call.center.settings.user.toLowerCase();
  // vCenter takes the domain in front (VSPHERE.LOCAL\\name) as well as behind.
  const [domain, name] = user.split('\\');
  const turned = `${name}@${domain}`.toLowerCase() === call.center.settings.user.toLowerCase();
  if (!same && !turned) throw new VimFault('NotFound', `The user ${user} does not exist`);
}

export const authorizationMethods: Methods = {
  HasPrivilegeOnEntities: {
    on: 'AuthorizationManager',
    privilege: 'System.Read',
    handle: (call) => {
      if (!call.center.sessions.peek(textOf(call.args, 'sessionId') ?? '')) throw invalidArgument('sessionId');
      const entities = entitiesOf(call, 'entity');
      return list('EntityPrivilege', entityPrivileges(call.center.settings, entities, textsOf(call.args, 'privId')));
    },
  },
  HasPrivilegeOnEntity: {
    on: 'AuthorizationManager',
    privilege: 'System.Read',
    handle: (call) => {
      const privileges = textsOf(call.args, 'privId');
      const granted = grantedPrivileges(call.center.settings);
      entitiesOf(call, 'entity');
      return list(
        'boolean',
        privileges.map((privilege) => granted.includes(privilege)),
      );
    },
  },
  HasUserPrivilegeOnEntities: {
    on: 'AuthorizationManager',
    privilege: 'System.Read',
    handle: (call) => {
      demandUser(call);
      const entities = entitiesOf(call, 'entities');
      return list('EntityPrivilege', entityPrivileges(call.center.settings, entities, textsOf(call.args, 'privId')));
    },
  },
  FetchUserPrivilegeOnEntities: {
    on: 'AuthorizationManager',
    privilege: 'System.Read',
    handle: (call) => {
      demandUser(call);
      return list(
        'UserPrivilegeResult',
        entitiesOf(call, 'entities').map((entity) =>
          data('UserPrivilegeResult', { entity, privileges: list('string', grantedPrivileges(call.center.settings)) }),
        ),
      );
    },
  },
};
