// The inventory: folders, datacenters, clusters, hosts, datastores, networks, VMs and snapshots as managed objects,
// made from the world.

import type { Cluster, Datacenter } from '../../world/world.ts';
import type { Center } from '../center.ts';
import { list, type MoRef, ref, type Value } from '../soap/value.ts';
import { datastoreName, type SnapshotState, type VmState } from '../state.ts';
import { hostSystems } from './host-systems.ts';
import {
  browserOf,
  clusterProperties,
  datastoreProperties,
  hostProperties,
  networkProperties,
  poolProperties,
} from './infrastructure.ts';
import { entityProperties, type ManagedObject } from './managed-object.ts';
import { customFields, customValues } from './managers.ts';
import { serviceObjects } from './service.ts';
import { vmProperties } from './virtual-machine.ts';
import { vmConfig } from './vm-config.ts';

/** Where a VM of the world finds the things that it names. */
export interface Places {
  folder: MoRef;
  vApp: MoRef | undefined;
  host: MoRef;
  pool: MoRef;
  datastore: MoRef;
  datacenter: MoRef;
  network(name: string): MoRef | undefined;
  /** The datastore in the brackets of a file's name: `[store] alpha/alpha.vmdk`. */
  datastoreOf(fileName: string | undefined): MoRef | undefined;
}

export class Inventory {
  readonly root = ref('Folder', 'group-d1');
  readonly #center: Center;
  readonly #objects = new Map<string, ManagedObject>();
  readonly #children = new Map<string, MoRef[]>();
  /** `datacenter/kind/name` to its reference. */
  readonly #named = new Map<string, MoRef>();
  readonly #stores = new Map<string, { datacenter: string; name: string }>();
  #nextNumber = 2;

  constructor(center: Center) {
    this.#center = center;
    for (const object of serviceObjects(center)) this.#objects.set(object.ref.value, object);
    this.#folder(this.root, 'Datacenters', undefined, ['Folder', 'Datacenter']);
    for (const datacenter of center.state.world.datacenters) this.#datacenter(datacenter);
    for (const vm of center.state.vms) this.#vm(vm);
  }

  find(id: string): ManagedObject | undefined {
    const found = this.#objects.get(id);
    if (found || !id.startsWith('snapshot-')) return found;
    for (const vm of this.#center.state.vms) {
      const snapshot = vm.snapshots.find((candidate) => candidate.id === id);
      if (snapshot) return this.#snapshot(vm, snapshot);
    }
    return undefined;
  }

  /** Folders, datacenters, clusters, pools: what is directly inside. */
  children(object: MoRef): MoRef[] {
    return this.#children.get(object.value) ?? [];
  }

  parent(object: MoRef): MoRef | undefined {
    const parent = this.#objects.get(object.value)?.properties.parent?.();
    return typeof parent === 'object' && parent.kind === 'ref' ? parent : undefined;
  }

  name(object: MoRef): string {
    return String(this.#objects.get(object.value)?.properties.name?.() ?? '');
  }

  /** Everything below a container, with what is in the hosts' and the virtual machines' side of a datacenter. */
  below(container: MoRef, recursive: boolean): MoRef[] {
    const found: MoRef[] = [];
    const visit = (object: MoRef) => {
      for (const inner of this.children(object)) {
        found.push(inner);
        if (recursive) visit(inner);
      }
    };
    visit(container);
    return found;
  }

  vmsOnHost(host: MoRef): MoRef[] {
    return this.#vmsWhere((_, places) => places.host.value === host.value);
  }

  vmsOnDatastore(datastore: MoRef): MoRef[] {
    return this.#vmsWhere((vm, places) =>
      [places.datastore, ...vm.fileNames.map((name) => places.datastoreOf(name))].some(
        (one) => one?.value === datastore.value,
      ),
    );
  }

  vmsInDatacenterOn(network: MoRef): MoRef[] {
    return this.#vmsWhere((vm, places) =>
      vm.vm.nics.some((nic) => places.network(nic.network)?.value === network.value),
    );
  }

  vmsInPool(pool: MoRef): MoRef[] {
    return this.#vmsWhere((_, places) => places.pool.value === pool.value);
  }

  /** Datacenter and name of a datastore; undefined for anything else. */
  storeAt(object: MoRef): { datacenter: string; name: string } | undefined {
    return this.#stores.get(object.value);
  }

  /** The things that a VM names, as references. */
  places(vm: VmState): Places {
    const { datacenter, folder, vApp, host, datastore } = vm.vm;
    const named = (kind: string, name: string) => {
      const found = this.#named.get(`${datacenter}/${kind}/${name}`);
      if (!found) throw new Error(`The world has no ${kind} ${name} in ${datacenter} (${vm.vm.name})`);
      return found;
    };
    return {
      folder: named('folder', folder),
      vApp: vApp === undefined ? undefined : named('vApp', vApp),
      host: named('host', host),
      pool: named('pool', host),
      datastore: named('datastore', datastore),
      datacenter: named('datacenter', ''),
      network: (name) => this.#named.get(`${datacenter}/network/${name}`),
      datastoreOf: (fileName) => this.#named.get(`${datacenter}/datastore/${datastoreName(fileName ?? '')}`),
    };
  }

  #vmsWhere(test: (vm: VmState, places: Places) => boolean): MoRef[] {
    return this.#statesWhere(test).map(({ vm }) => ref('VirtualMachine', vm.id));
  }

  #statesWhere(test: (vm: VmState, places: Places) => boolean): VmState[] {
    return this.#center.state.vms.filter((vm) => test(vm, this.places(vm)));
  }

  #number(): number {
    return this.#nextNumber++;
  }

  #add(parent: MoRef | undefined, own: MoRef, name: () => string, properties: Record<string, () => Value>): MoRef {
    const recent = () => this.#center.tasks.ofEntity(own);
    const custom = {
      fields: () => customFields(this.#center, own.type),
      values: () => customValues(this.#center, own.value),
    };
    this.#objects.set(own.value, {
      ref: own,
      properties: { ...entityProperties('', parent, recent, custom), ...properties, name },
    });
    if (parent) this.#children.set(parent.value, [...this.children(parent), own]);
    return own;
  }

  #folder(own: MoRef, name: string, parent: MoRef | undefined, childType: string[]): MoRef {
    return this.#add(parent, own, () => name, {
      childType: () => list('string', childType),
      childEntity: () => list('ManagedObjectReference', this.children(own)),
    });
  }

  #datacenter(world: Datacenter): void {
    const own = ref('Datacenter', `datacenter-${this.#number()}`);
    const remember = (kind: string, name: string, object: MoRef) =>
      this.#named.set(`${world.name}/${kind}/${name}`, object);
    const top = (letter: string) => ref('Folder', `group-${letter}${this.#number()}`);
    const [vmFolder, hostFolder, datastoreFolder, networkFolder] = [top('v'), top('h'), top('s'), top('n')];
    const stores: MoRef[] = [];
    const networks: MoRef[] = [];
    this.#add(this.root, own, () => world.name, {
      vmFolder: () => vmFolder,
      hostFolder: () => hostFolder,
      datastoreFolder: () => datastoreFolder,
      networkFolder: () => networkFolder,
      datastore: () => list('ManagedObjectReference', stores),
      network: () => list('ManagedObjectReference', networks),
      configuration: () => undefined,
    });
    remember('datacenter', '', own);
    this.#folder(vmFolder, 'vm', own, ['Folder', 'VirtualMachine', 'VirtualApp']);
    this.#folder(hostFolder, 'host', own, ['Folder', 'ComputeResource']);
    this.#folder(datastoreFolder, 'datastore', own, ['Folder', 'Datastore', 'StoragePod']);
    this.#folder(networkFolder, 'network', own, ['Folder', 'Network', 'DistributedVirtualSwitch']);
    remember('folder', '', vmFolder);
    for (const path of world.folders) {
      const cut = path.lastIndexOf('/');
      const parent = this.#named.get(`${world.name}/folder/${path.slice(0, Math.max(0, cut))}`);
      if (!parent) throw new Error(`The folder ${path} comes before its parent`);
      const folder = this.#folder(top('v'), path.slice(cut + 1), parent, ['Folder', 'VirtualMachine', 'VirtualApp']);
      remember('folder', path, folder);
    }
    const hosts: MoRef[] = [];
    for (const store of world.datastores) {
      const object = ref('Datastore', `datastore-${this.#number()}`);
      stores.push(object);
      remember('datastore', store.name, object);
      this.#stores.set(object.value, { datacenter: world.name, name: store.name });
      const browser = browserOf(object);
      this.#objects.set(browser.value, {
        ref: browser,
        properties: { datastore: () => list('ManagedObjectReference', [object]) },
      });
      const properties = datastoreProperties(
        object,
        store,
        () => hosts,
        () => this.vmsOnDatastore(object),
      );
      this.#add(datastoreFolder, object, () => store.name, properties);
    }
    for (const name of world.networks) {
      const object = ref('Network', `network-${this.#number()}`);
      networks.push(object);
      remember('network', name, object);
      const properties = networkProperties(
        object,
        name,
        () => hosts,
        () => this.vmsInDatacenterOn(object),
      );
      this.#add(networkFolder, object, () => name, properties);
    }
    for (const cluster of world.clusters) {
      const object = ref('ClusterComputeResource', `domain-c${this.#number()}`);
      const pool = ref('ResourcePool', `resgroup-${this.#number()}`);
      const members: MoRef[] = [];
      this.#add(hostFolder, object, () => cluster.name, clusterProperties(cluster, members, pool, stores, networks));
      this.#add(
        object,
        pool,
        () => 'Resources',
        poolProperties(pool, 'Resources', cluster, object, () =>
          this.#statesWhere((_, places) => places.pool.value === pool.value),
        ),
      );
      if (cluster === world.clusters[0]) {
        for (const name of world.vApps ?? []) remember('vApp', name, this.#vApp(name, pool, vmFolder, cluster, object));
      }
      for (const host of cluster.hosts) {
        const member = ref('HostSystem', `host-${this.#number()}`);
        members.push(member);
        hosts.push(member);
        remember('host', host.name, member);
        remember('pool', host.name, pool);
        const about = { version: this.#center.state.world.apiVersion, stores, networks };
        const properties = hostProperties(member, host, about, () => this.vmsOnHost(member));
        this.#add(object, member, () => host.name, properties);
        for (const system of hostSystems(member, host, { refs: stores, known: world.datastores }, world.networks))
          this.#objects.set(system.ref.value, system);
      }
    }
  }

  /** A pool that has machines of its own and a place among the folders. */
  #vApp(name: string, pool: MoRef, folder: MoRef, cluster: Cluster, owner: MoRef): MoRef {
    const own = ref('VirtualApp', `resgroup-v${this.#number()}`);
    const vms = () => this.#statesWhere((_, places) => places.vApp?.value === own.value);
    const properties = { ...poolProperties(own, name, cluster, owner, vms), parentFolder: () => folder };
    return this.#add(pool, own, () => name, properties);
  }

  #vm(vm: VmState): void {
    const own = ref('VirtualMachine', vm.vm.id);
    const { folder, vApp } = this.places(vm);
    const properties = vmProperties(this.#center.disks, vm, () => this.places(vm));
    // The parent of what is in a vApp is null (ManagedEntity.parent).
    if (vApp) properties.parent = () => undefined;
    this.#add(vApp ?? folder, own, () => vm.vm.name, properties);
  }

  #snapshot(vm: VmState, snapshot: SnapshotState): ManagedObject {
    const own = ref('VirtualMachineSnapshot', snapshot.id);
    const inner = vm.snapshots.filter((candidate) => candidate.parent === snapshot.id);
    return {
      ref: own,
      properties: {
        vm: () => ref('VirtualMachine', vm.vm.id),
        config: () => vmConfig(snapshot.vm, snapshot.fileNames, vm, this.places(vm), snapshot.changeIds),
        childSnapshot: () =>
          list(
            'ManagedObjectReference',
            inner.map(({ id }) => ref('VirtualMachineSnapshot', id)),
          ),
        value: () => list('CustomFieldValue', []),
        availableField: () => list('CustomFieldDef', []),
      },
    };
  }
}
