// Finding things by path, UUID, name or address.
import type { Center } from '../center.ts';
import { biosUuid, instanceUuid } from '../inventory/vm-config.ts';
import { flagOf, textOf } from '../soap/element.ts';
import { list, type MoRef, ref } from '../soap/value.ts';
import { type Call, type Methods, refArgument } from './method.ts';

export const searchMethods: Methods = {
  FindByInventoryPath: {
    on: 'SearchIndex',
    privilege: 'System.View',
    handle: ({ center, args }) => {
      const steps = (textOf(args, 'inventoryPath') ?? '').split('/').filter((step) => step !== '');
      let at: MoRef | undefined = center.inventory.root;
      for (const step of steps) at = at && childNamed(center, at, decodeURIComponent(step));
      return at;
    },
  },
  FindChild: {
    on: 'SearchIndex',
    privilege: 'System.View',
    handle: (call) => childNamed(call.center, refArgument(call, 'entity'), textOf(call.args, 'name') ?? ''),
  },
  FindByUuid: { on: 'SearchIndex', privilege: 'System.View', handle: (call) => byUuid(call)[0] },
  FindAllByUuid: {
    on: 'SearchIndex',
    privilege: 'System.View',
    handle: (call) => list('ManagedObjectReference', byUuid(call)),
  },
  FindByDnsName: {
    on: 'SearchIndex',
    privilege: 'System.View',
    handle: (call) => byGuest(call, 'dnsName', (vm) => vm.hostName),
  },
  FindByIp: {
    on: 'SearchIndex',
    privilege: 'System.View',
    handle: (call) => byGuest(call, 'ip', (vm) => vm.nics[0]?.ips[0]),
  },
};

function childNamed(center: Center, parent: MoRef, name: string): MoRef | undefined {
  return center.inventory.children(parent).find((object) => center.inventory.name(object) === name);
}

function byUuid(call: Call): MoRef[] {
  const uuid = (textOf(call.args, 'uuid') ?? '').toLowerCase();
  if (!flagOf(call.args, 'vmSearch')) return [];
  const uuidOf = flagOf(call.args, 'instanceUuid') ? instanceUuid : biosUuid;
  return call.center.state.vms.filter(({ vm }) => uuidOf(vm) === uuid).map(({ vm }) => ref('VirtualMachine', vm.id));
}

type GuestName = (vm: Call['center']['state']['vms'][number]['vm']) => string | undefined;

function byGuest(call: Call, argument: string, nameOf: GuestName): MoRef | undefined {
  const wanted = textOf(call.args, argument);
  const found = call.center.state.vms.find(({ vm }) => vm.power === 'poweredOn' && wanted && nameOf(vm) === wanted);
  return found && ref('VirtualMachine', found.vm.id);
}
