// Properties of hosts, clusters, pools, datastores and networks.
import type { Cluster, Datastore, EsxiHost } from '../../world/world.ts';
import { data, list, long, type MoRef, member, ref, time, type Value } from '../soap/value.ts';
import type { VmState } from '../state.ts';
import { resourceConfig } from './allocation.ts';
import { configManager, hostHardware } from './host-systems.ts';
import { aboutInfo, uuidFrom } from './service.ts';

type Properties = Record<string, () => Value>;
const GiB = 1_073_741_824;
const booted = new Date('2026-01-15T06:00:00Z');

const refs = (items: MoRef[]) => list('ManagedObjectReference', items);
const green = () => member('ManagedEntityStatus', 'green');

export function clusterProperties(
  cluster: Cluster,
  hosts: MoRef[],
  pool: MoRef,
  datastores: MoRef[],
  networks: MoRef[],
): Properties {
  const cores = cluster.hosts.reduce((sum, host) => sum + host.cpuCores, 0);
  const memory = cluster.hosts.reduce((sum, host) => sum + host.memoryGiB, 0) * GiB;
  return {
    host: () => refs(hosts),
    resourcePool: () => pool,
    configurationEx: () =>
      data('ClusterConfigInfoEx', {
        dasConfig: data('ClusterDasConfigInfo', { enabled: false }),
        dasVmConfig: list('ClusterDasVmConfigInfo', []),
        drsConfig: data('ClusterDrsConfigInfo', { enabled: false }),
        drsVmConfig: list('ClusterDrsVmConfigInfo', []),
        rule: list('ClusterRuleInfo', []),
      }),
    datastore: () => refs(datastores),
    network: () => refs(networks),
    summary: () =>
      data('ClusterComputeResourceSummary', {
        totalCpu: cores * 2600,
        totalMemory: long(memory),
        numCpuCores: cores,
        numCpuThreads: cores * 2,
        effectiveCpu: cores * 2500,
        effectiveMemory: long((memory / 1_048_576) * 0.95),
        numHosts: hosts.length,
        numEffectiveHosts: hosts.length,
        overallStatus: green(),
        currentFailoverLevel: 0,
        numVmotions: 0,
      }),
  };
}

/** A pool, or a vApp: all that the hosts of its cluster have, shared by its machines. */
export function poolProperties(
  own: MoRef,
  name: string,
  cluster: Cluster,
  owner: MoRef,
  vms: () => VmState[],
): Properties {
  const megahertz = cluster.hosts.reduce((sum, host) => sum + host.cpuCores, 0) * 2500;
  const memory = cluster.hosts.reduce((sum, host) => sum + host.memoryGiB, 0) * GiB;
  const running = () => vms().filter(({ vm }) => vm.power === 'poweredOn');
  const total = (of: (state: VmState) => number) => running().reduce((sum, state) => sum + of(state), 0);
  const usage = (used: number, most: number) =>
    data('ResourcePoolResourceUsage', {
      reservationUsed: long(0),
      reservationUsedForVm: long(0),
      unreservedForPool: long(most),
      unreservedForVm: long(most),
      overallUsage: long(used),
      maxUsage: long(most),
    });
  const runtime = () =>
    data('ResourcePoolRuntimeInfo', {
      memory: usage(
        total(({ vm }) => (vm.memoryMiB / 2) * 1_048_576),
        memory,
      ),
      cpu: usage(
        total(({ vm }) => vm.cpus * 120),
        megahertz,
      ),
      overallStatus: green(),
    });
  const config = () => resourceConfig(own, { cpu: 4000, memory: 163_840 }, true);
  return {
    owner: () => owner,
    vm: () => refs(vms().map(({ vm }) => ref('VirtualMachine', vm.id))),
    resourcePool: () => refs([]),
    runtime,
    config,
    summary: () =>
      data('ResourcePoolSummary', {
        name,
        config: config(),
        runtime: runtime(),
        quickStats: data('ResourcePoolQuickStats', {
          overallCpuUsage: long(total(({ vm }) => vm.cpus * 120)),
          guestMemoryUsage: long(total(({ vm }) => vm.memoryMiB / 5)),
          hostMemoryUsage: long(total(({ vm }) => vm.memoryMiB / 2)),
        }),
        configuredMemoryMB: vms().reduce((sum, { vm }) => sum + vm.memoryMiB, 0),
      }),
  };
}

export function hostProperties(
  own: MoRef,
  host: EsxiHost,
  about: { version: string; stores: MoRef[]; networks: MoRef[] },
  vms: () => MoRef[],
): Properties {
  const product = () => aboutInfo(about.version, 'HostAgent', uuidFrom(`host ${host.name}`));
  const hardware = () =>
    data('HostHardwareSummary', {
      vendor: 'Lab',
      model: 'Pretend Server 2U',
      uuid: uuidFrom(`host ${host.name}`),
      memorySize: long(host.memoryGiB * GiB),
      cpuModel: 'Pretend CPU at 2.60GHz',
      cpuMhz: 2600,
      numCpuPkgs: 2,
      numCpuCores: host.cpuCores,
      numCpuThreads: host.cpuCores * 2,
      numNics: 2,
      numHBAs: 1,
    });
  const runtime = () =>
    data('HostRuntimeInfo', {
      connectionState: member('HostSystemConnectionState', 'connected'),
      powerState: member('HostSystemPowerState', 'poweredOn'),
      inMaintenanceMode: false,
      inQuarantineMode: false,
      bootTime: time(booted),
    });
  return {
    vm: () => refs(vms()),
    datastore: () => refs(about.stores),
    network: () => refs(about.networks),
    runtime,
    hardware: () => hostHardware(host),
    configManager: () => configManager(own),
    config: () => data('HostConfigInfo', { host: own, product: product() }),
    summary: () =>
      data('HostListSummary', {
        host: own,
        hardware: hardware(),
        runtime: runtime(),
        config: data('HostConfigSummary', {
          name: host.name,
          port: 443,
          sslThumbprint: undefined,
          product: product(),
          vmotionEnabled: true,
        }),
        quickStats: data('HostListSummaryQuickStats', {
          overallCpuUsage: host.cpuCores * 300,
          overallMemoryUsage: host.memoryGiB * 400,
          uptime: Math.round((Date.now() - booted.getTime()) / 1000),
        }),
        overallStatus: green(),
        rebootRequired: false,
        managementServerIp: '127.0.0.1',
      }),
  };
}

/** What lists the files of a datastore. */
export const browserOf = (store: MoRef) => ref('HostDatastoreBrowser', `datastoreBrowser-${store.value}`);

export function datastoreProperties(
  own: MoRef,
  store: Datastore,
  hosts: () => MoRef[],
  vms: () => MoRef[],
): Properties {
  const url = `ds:///vmfs/volumes/${uuidFrom(`datastore ${store.name}`)}/`;
  return {
    vm: () => refs(vms()),
    host: () =>
      list(
        'DatastoreHostMount',
        hosts().map((key) =>
          data('DatastoreHostMount', {
            key,
            mountInfo: data('HostMountInfo', {
              path: url.slice(5),
              accessMode: 'readWrite',
              mounted: true,
              accessible: true,
            }),
          }),
        ),
      ),
    browser: () => browserOf(own),
    info: () =>
      data('DatastoreInfo', {
        name: store.name,
        url,
        freeSpace: long(store.freeGiB * GiB),
        maxFileSize: long(62 * 1024 * GiB),
        timestamp: time(Date.now()),
      }),
    summary: () =>
      data('DatastoreSummary', {
        datastore: own,
        name: store.name,
        url,
        capacity: long(store.capacityGiB * GiB),
        freeSpace: long(store.freeGiB * GiB),
        uncommitted: long(0),
        accessible: true,
        multipleHostAccess: hosts().length > 1,
        type: store.type,
        maintenanceMode: 'normal',
      }),
  };
}

export function networkProperties(own: MoRef, name: string, hosts: () => MoRef[], vms: () => MoRef[]): Properties {
  return {
    host: () => refs(hosts()),
    vm: () => refs(vms()),
    summary: () => data('NetworkSummary', { network: own, name, accessible: true, ipPoolName: '' }),
  };
}
