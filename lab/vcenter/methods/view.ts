// Container views and list views.
import { isType, type ManagedObject } from '../inventory/managed-object.ts';
import { references, refOf } from '../properties/select.ts';
import { sessionRef } from '../sessions.ts';
import { childrenNamed, flagOf, textsOf } from '../soap/element.ts';
import { invalidArgument } from '../soap/fault.ts';
import { list, type MoRef, type Value } from '../soap/value.ts';
import { type Call, type Methods, refArgument, sessionOf } from './method.ts';

const containers = ['Folder', 'Datacenter', 'ClusterComputeResource', 'ResourcePool', 'HostSystem'];

export const viewMethods: Methods = {
  CreateContainerView: {
    on: 'ViewManager',
    privilege: 'System.View',
    handle: (call) => {
      const container = call.center.get(refArgument(call, 'container')).ref;
      if (!containers.includes(container.type)) throw invalidArgument('container');
      const types = textsOf(call.args, 'type');
      const recursive = flagOf(call.args, 'recursive');
      const own = sessionRef('ContainerView', sessionOf(call));
      const wanted = (object: MoRef) => types.length === 0 || types.some((type) => isType(object.type, type));
      return keep(call, {
        ref: own,
        properties: {
          container: () => container,
          recursive: () => recursive,
          type: () => list('string', types),
          view: () => list('ManagedObjectReference', contained(call, container, recursive).filter(wanted)),
        },
      });
    },
  },
  CreateListView: {
    on: 'ViewManager',
    privilege: 'System.View',
    handle: (call) => {
      const objects = refsNamed(call, 'obj').filter((object) => call.find(object));
      return keep(call, listView(sessionRef('ListView', sessionOf(call)), objects));
    },
  },
  ModifyListView: {
    on: 'ListView',
    privilege: 'System.View',
    handle: (call) => {
      const removed = new Set(refsNamed(call, 'remove').map((object) => object.value));
      const kept = objectsOf(call).filter((object) => !removed.has(object.value));
      return relist(call, kept, refsNamed(call, 'add'));
    },
  },
  ResetListView: {
    on: 'ListView',
    privilege: 'System.View',
    handle: (call) => relist(call, [], refsNamed(call, 'obj')),
  },
  DestroyView: {
    on: 'ManagedObjectView',
    handle: (call) => {
      sessionOf(call).objects.delete(call.self.value);
      return undefined;
    },
  },
};

function refsNamed(call: Call, name: string): MoRef[] {
  return childrenNamed(call.args, name).map((element) => refOf(element, name));
}

function listView(own: MoRef, objects: MoRef[]): ManagedObject {
  return { ref: own, properties: { view: () => list('ManagedObjectReference', objects) } };
}

function objectsOf(call: Call): MoRef[] {
  return references(call.find(call.self)?.properties.view?.());
}

/** Puts these into the list view; the answer is what was asked to be added and does not exist. */
function relist(call: Call, kept: MoRef[], added: MoRef[]): Value {
  const known = new Set(kept.map((object) => object.value));
  const found = added.filter((object) => call.find(object) && !known.has(object.value));
  keep(call, listView(call.self, [...kept, ...found]));
  // Filters that look through the view have news.
  call.center.changed();
  return list(
    'ManagedObjectReference',
    added.filter((object) => !call.find(object)),
  );
}

function contained(call: Call, container: MoRef, recursive: boolean): MoRef[] {
  const { inventory } = call.center;
  if (container.type === 'HostSystem') return inventory.vmsOnHost(container);
  const below = inventory.below(container, recursive);
  if (container.type === 'Folder' || container.type === 'Datacenter') return below;
  // The machines of a cluster or a pool lie in folders elsewhere.
  const pools =
    container.type === 'ResourcePool' ? [container] : below.filter((object) => object.type === 'ResourcePool');
  const all = [...below, ...pools.flatMap((pool) => inventory.vmsInPool(pool))];
  return [...new Map(all.map((object) => [object.value, object])).values()];
}

function keep(call: Call, object: ManagedObject): MoRef {
  sessionOf(call).objects.set(object.ref.value, object);
  return object.ref;
}
