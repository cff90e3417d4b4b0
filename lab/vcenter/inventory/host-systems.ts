// What a host is made of, and the objects that its `configManager` leads to.
import type { Datastore, EsxiHost } from '../../world/world.ts';
import { type Data, data, list, long, type MoRef, ref, time, type Value } from '../soap/value.ts';
import type { ManagedObject } from './managed-object.ts';
import { uuidFrom } from './service.ts';

const GiB = 1_073_741_824;
const HERTZ = 2_600_000_000;
const PACKAGES = 2;

export function hostHardware(host: EsxiHost): Data {
  const threads = host.cpuCores * 2;
  const perPackage = threads / PACKAGES;
  return data('HostHardwareInfo', {
    systemInfo: data('HostSystemInfo', {
      vendor: 'Lab',
      model: 'Pretend Server 2U',
      uuid: uuidFrom(`host ${host.name}`),
      serialNumber: uuidFrom(`serial ${host.name}`).slice(0, 8).toUpperCase(),
    }),
    cpuInfo: data('HostCpuInfo', {
      numCpuPackages: PACKAGES,
      numCpuCores: host.cpuCores,
      numCpuThreads: threads,
      hz: long(HERTZ),
    }),
    cpuPkg: list(
      'HostCpuPackage',
      Array.from({ length: PACKAGES }, (_, index) =>
        data('HostCpuPackage', {
          index,
          vendor: 'intel',
          hz: long(HERTZ),
          busHz: long(100_000_000),
          description: 'Pretend CPU at 2.60GHz',
          threadId: list(
            'short',
            Array.from({ length: perPackage }, (_, thread) => index * perPackage + thread),
          ),
        }),
      ),
    ),
    memorySize: long(host.memoryGiB * GiB),
    biosInfo: data('HostBIOSInfo', { biosVersion: '2.19.1', releaseDate: time('2025-06-04T00:00:00Z'), vendor: 'Lab' }),
  });
}

const systems = {
  datastoreSystem: 'HostDatastoreSystem',
  storageSystem: 'HostStorageSystem',
  networkSystem: 'HostNetworkSystem',
  serviceSystem: 'HostServiceSystem',
  dateTimeSystem: 'HostDateTimeSystem',
} as const;

const systemOf = (host: MoRef, name: keyof typeof systems) => ref(systems[name], `${name}-${host.value.slice(5)}`);

export function configManager(host: MoRef): Data {
  const names = Object.keys(systems) as (keyof typeof systems)[];
  return data('HostConfigManager', Object.fromEntries(names.map((name) => [name, systemOf(host, name)])));
}

/** The objects of the host's `configManager`. */
export function hostSystems(
  host: MoRef,
  world: EsxiHost,
  stores: { refs: MoRef[]; known: Datastore[] },
  networks: string[],
): ManagedObject[] {
  const properties: Record<keyof typeof systems, Record<string, () => Value>> = {
    datastoreSystem: { datastore: () => list('ManagedObjectReference', stores.refs) },
    storageSystem: { storageDeviceInfo: () => devices(stores.known) },
    networkSystem: { networkInfo: () => network(world, networks), dnsConfig: () => dns(world) },
    serviceSystem: { serviceInfo: () => data('HostServiceInfo', { service: list('HostService', services()) }) },
    dateTimeSystem: { dateTimeInfo },
  };
  return (Object.keys(properties) as (keyof typeof systems)[]).map((name) => ({
    ref: systemOf(host, name),
    properties: properties[name],
  }));
}

const SWITCH = 'key-vim.host.VirtualSwitch-vSwitch0';
const groupKey = (name: string) => `key-vim.host.PortGroup-${name}`;
const nicKey = (index: number) => `key-vim.host.PhysicalNic-vmnic${index}`;

/** One switch on both adapters, with a port group for each network. */
function network(host: EsxiHost, networks: string[]): Data {
  const names = [...networks, 'Management Network'];
  const policy = data('HostNetworkPolicy', {
    security: data('HostNetworkSecurityPolicy', { allowPromiscuous: false, macChanges: false, forgedTransmits: false }),
    nicTeaming: data('HostNicTeamingPolicy', {
      policy: 'loadbalance_srcid',
      reversePolicy: true,
      notifySwitches: true,
    }),
    shapingPolicy: data('HostNetworkTrafficShapingPolicy', { enabled: false }),
  });
  const mac = (index: number) =>
    `02:${(uuidFrom(`mac ${host.name} ${index}`).match(/[0-9a-f]{2}/g) ?? []).slice(0, 5).join(':')}`;
  return data('HostNetworkInfo', {
    vswitch: list('HostVirtualSwitch', [
      data('HostVirtualSwitch', {
        name: 'vSwitch0',
        key: SWITCH,
        numPorts: 2560,
        numPortsAvailable: 2520,
        mtu: 1500,
        portgroup: list('string', names.map(groupKey)),
        pnic: list('string', [0, 1].map(nicKey)),
        spec: data('HostVirtualSwitchSpec', { numPorts: 128, policy, mtu: 1500 }),
      }),
    ]),
    portgroup: list(
      'HostPortGroup',
      names.map((name) =>
        data('HostPortGroup', {
          key: groupKey(name),
          vswitch: SWITCH,
          computedPolicy: policy,
          spec: data('HostPortGroupSpec', { name, vlanId: 0, vswitchName: 'vSwitch0', policy }),
        }),
      ),
    ),
    pnic: list(
      'PhysicalNic',
      [0, 1].map((index) =>
        data('PhysicalNic', {
          key: nicKey(index),
          device: `vmnic${index}`,
          pci: `0000:1a:00.${index}`,
          driver: 'ixgben',
          linkSpeed: data('PhysicalNicLinkInfo', { speedMb: 10_000, duplex: true }),
          wakeOnLanSupported: false,
          mac: mac(index),
        }),
      ),
    ),
    vnic: list('HostVirtualNic', [
      data('HostVirtualNic', {
        device: 'vmk0',
        key: 'key-vim.host.VirtualNic-vmk0',
        portgroup: 'Management Network',
        spec: data('HostVirtualNicSpec', {
          ip: data('HostIpConfig', { dhcp: false, ipAddress: host.name, subnetMask: '255.255.255.0' }),
          mac: mac(2),
          mtu: 1500,
        }),
      }),
    ]),
    dnsConfig: dns(host),
    ipV6Enabled: false,
  });
}

/** A disk for each VMFS datastore. */
function devices(stores: Datastore[]): Data {
  const disks = stores
    .filter(({ type }) => type === 'VMFS')
    .map(({ name, capacityGiB }) => {
      const uuid = uuidFrom(`disk of ${name}`).replaceAll('-', '');
      const canonicalName = `naa.6${uuid.slice(1)}`;
      return data('HostScsiDisk', {
        deviceName: `/vmfs/devices/disks/${canonicalName}`,
        deviceType: 'disk',
        key: `key-vim.host.ScsiDisk-${uuid}`,
        uuid,
        canonicalName,
        displayName: `Lab Fibre Channel Disk (${canonicalName})`,
        lunType: 'disk',
        vendor: 'Lab',
        model: 'Pretend LUN',
        operationalState: list('string', ['ok']),
        capacity: data('HostDiskDimensionsLba', { blockSize: 512, block: long((capacityGiB * GiB) / 512) }),
        devicePath: `/vmfs/devices/disks/${canonicalName}`,
        ssd: true,
        localDisk: false,
      });
    });
  return data('HostStorageDeviceInfo', { scsiLun: list('ScsiLun', disks), softwareInternetScsiEnabled: false });
}

function dns(host: EsxiHost): Data {
  return data('HostDnsConfig', {
    dhcp: false,
    hostName: host.name,
    domainName: '',
    address: list('string', []),
    searchDomain: list('string', []),
  });
}

function services(): Data[] {
  return [
    { key: 'TSM', label: 'ESXi Shell', running: false, policy: 'off' },
    { key: 'TSM-SSH', label: 'SSH', running: false, policy: 'off' },
    { key: 'ntpd', label: 'NTP Daemon', running: true, policy: 'on' },
  ].map(({ key, label, running, policy }) =>
    data('HostService', {
      key,
      label,
      required: false,
      uninstallable: false,
      running,
      ruleset: list('string', []),
      policy,
    }),
  );
}

function dateTimeInfo(): Data {
  return data('HostDateTimeInfo', {
    timeZone: data('HostDateTimeSystemTimeZone', { key: 'UTC', name: 'UTC', description: 'UTC', gmtOffset: 0 }),
    systemClockProtocol: 'ntp',
  });
}
