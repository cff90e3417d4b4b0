// Devices that tie a machine to its host: passed through, virtual GPUs, persistent memory.
import type { Vm } from '../../world/world.ts';
import { type Data, data, long } from '../soap/value.ts';

type Kind = NonNullable<Vm['devices']>[number];

const label = (text: string) => data('Description', { label: text, summary: text });

/** Device and backing as vim25 has them; the keys are those that vCenter gives to the first of a kind. */
const DEVICES: Record<Kind, (index: number) => Data> = {
  pci: (index) =>
    passthrough(index, 'VirtualPCIPassthroughDeviceBackingInfo', {
      deviceName: 'GA100 [A100 PCIe 40GB]',
      id: '0000:3b:00.0',
      deviceId: '20f1',
      systemId: '5f1b3c2a-0000-0000-0000-000000000000',
      vendorId: 4318,
    }),
  'pci-dynamic': (index) =>
    passthrough(index, 'VirtualPCIPassthroughDynamicBackingInfo', { deviceName: '', assignedId: '0000:3b:00.0' }),
  vgpu: (index) =>
    passthrough(index, 'VirtualPCIPassthroughVmiopBackingInfo', { vgpu: 'grid_a100-10c', migrateSupported: true }),
  sriov: (index) =>
    data('VirtualSriovEthernetCard', {
      key: 4090 + index,
      deviceInfo: label(`SR-IOV network adapter ${index + 1}`),
      controllerKey: 100,
      macAddress: '00:50:56:0a:0b:0c',
      allowGuestOSMtuChange: false,
    }),
  nvdimm: (index) =>
    data('VirtualNVDIMM', {
      key: 52000 + index,
      deviceInfo: label(`NVDIMM ${index + 1}`),
      backing: data('VirtualNVDIMMBackingInfo', { fileName: '[PMemDS] pmem/nvdimm.vmdk', changeId: undefined }),
      capacityInMB: long(4096),
    }),
};

function passthrough(index: number, backing: string, fields: Data['fields']): Data {
  return data('VirtualPCIPassthrough', {
    key: 13000 + index,
    deviceInfo: label(`PCI device ${index}`),
    backing: data(backing, fields),
    controllerKey: 100,
    unitNumber: 18 + index,
  });
}

export function hostDevices(kinds: readonly Kind[]): Data[] {
  return kinds.map((kind, index) => DEVICES[kind](index));
}
