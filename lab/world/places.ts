// Where the servers of the usual world stand: what those of a datacenter have in common.
import type { Nic, Vm } from './world.ts';

export type Details = Pick<Vm, 'id' | 'name' | 'folder' | 'guestId' | 'guestFullName' | 'disks'> & Partial<Vm>;

export function northern(details: Details, ip: string, network = 'VM Network'): Vm {
  return {
    ...common(details, ip, network),
    datacenter: 'North',
    host: '127.0.0.11',
    datastore: 'vmfs-prod-01',
    ...details,
  };
}

export function southern(details: Details, ip: string): Vm {
  return {
    ...common(details, ip, 'VM Network'),
    datacenter: 'South',
    host: '127.0.0.13',
    datastore: 'vmfs-branch-01',
    ...details,
  };
}

function common(details: Details, ip: string, network: string) {
  return {
    firmware: 'bios' as const,
    cpus: 2,
    memoryMiB: 4096,
    hardwareVersion: 'vmx-19',
    power: 'poweredOn' as const,
    tools: 'running' as const,
    hostName: `${details.name}.corp.example`,
    nics: [nic(details.id, network, ip)],
    vmdkLayout: 'directory-at-end' as const,
  };
}

export function nic(vm: string, network: string, ip: string, index = 0): Nic {
  const number = Number(vm.replace(/\D/g, ''));
  const tail = [number >> 8, number & 255, index].map((part) => part.toString(16).padStart(2, '0')).join(':');
  return { network, adapter: 'VirtualVmxnet3', mac: `00:50:56:${tail}`, ips: ip ? [ip] : [] };
}
