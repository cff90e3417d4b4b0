// The OVF descriptor of an exported machine.

import type { Disk, Vm } from '../world/world.ts';
import type { Center } from './center.ts';
import { diskKey, hasDrive } from './inventory/vm-config.ts';
import { childrenNamed, type Element, flagOf, numberOf, textOf } from './soap/element.ts';
import { type Data, data, escapeXml, list } from './soap/value.ts';
import type { VmState } from './state.ts';

/** CIM numbers of operating systems by guest id; the guest id itself stands beside them as `vmw:osType`. */
const systems: [RegExp, number][] = [
  [/^windows2019srv/, 112],
  [/^windows/, 1],
  [/^rhel/, 80],
  [/^centos/, 107],
  [/^debian/, 96],
  [/^ubuntu/, 94],
  [/^sles/, 85],
  [/^oracleLinux/, 109],
];

const controllerItems: Record<Disk['controller'], { type: number; subtype: string; name: string }> = {
  ide: { type: 5, subtype: '', name: 'ideController0' },
  scsi: { type: 6, subtype: 'VirtualSCSI', name: 'SCSIController0' },
  sata: { type: 20, subtype: 'vmware.sata.ahci', name: 'sataController0' },
  nvme: { type: 20, subtype: 'vmware.nvme.controller', name: 'nvmeController0' },
};

interface OvfFile {
  deviceId: string;
  path: string;
  size: number;
  populated?: number;
}

/** OvfCreateDescriptorResult: what the client says about the files goes into the envelope. */
export function describeOvf(center: Center, state: VmState, parameters: Element): Data {
  const { vm } = state;
  const files: OvfFile[] = childrenNamed(parameters, 'ovfFiles').map((file) => ({
    deviceId: textOf(file, 'deviceId') ?? '',
    path: textOf(file, 'path') ?? '',
    size: numberOf(file, 'size') ?? 0,
    populated: numberOf(file, 'populatedSize'),
  }));
  const name = textOf(parameters, 'name') || vm.name;
  const images = flagOf(parameters, 'includeImageFiles');
  const kept = files.filter((file) => images || !file.deviceId.includes('VirtualIDEController1'));
  return data('OvfCreateDescriptorResult', {
    ovfDescriptor: envelope(center, vm, name, kept),
    error: list('LocalizedMethodFault', []),
    warning: list('LocalizedMethodFault', []),
    includeImageFiles: images,
  });
}

/** The disk that a file belongs to, by the end of its device id (`…Controller0:1`). */
function fileOf(files: OvfFile[], disk: Disk): OvfFile | undefined {
  const kind = { scsi: /SCSI|Lsi/, sata: /AHCI/, nvme: /NVME/, ide: /IDEController0/ }[disk.controller];
  return files.find((file) => kind.test(file.deviceId) && file.deviceId.endsWith(`:${disk.unit}`));
}

function envelope(center: Center, vm: Vm, name: string, files: OvfFile[]): string {
  const attribute = (text: string | number) => `"${escapeXml(String(text))}"`;
  const references = files.map(
    (file, index) => `    <File ovf:href=${attribute(file.path)} ovf:id="file${index + 1}" ovf:size="${file.size}"/>`,
  );
  const disks = vm.disks.flatMap((disk, index) => {
    const file = fileOf(files, disk);
    if (!file) return [];
    const populated = file.populated === undefined ? '' : ` ovf:populatedSize="${file.populated}"`;
    const format = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';
    const id = `ovf:diskId="vmdisk${index + 1}" ovf:fileRef="file${files.indexOf(file) + 1}"`;
    return [
      `    <Disk ovf:capacity="${disk.capacityBytes}" ovf:capacityAllocationUnits="byte" ${id} ovf:format="${format}"${populated}/>`,
    ];
  });
  const networks = [...new Set(vm.nics.map((nic) => nic.network))].map(
    (network) => `    <Network ovf:name=${attribute(network)}>
      <Description>The ${escapeXml(network)} network</Description>
    </Network>`,
  );
  const number = systems.find(([pattern]) => pattern.test(vm.guestId))?.[1] ?? 101;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope vmw:buildId="build-22617221" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <References>
${references.join('\n')}
  </References>
  <DiskSection>
    <Info>Virtual disk information</Info>
${disks.join('\n')}
  </DiskSection>
  <NetworkSection>
    <Info>The list of logical networks</Info>
${networks.join('\n')}
  </NetworkSection>
  <VirtualSystem ovf:id=${attribute(name)}>
    <Info>A virtual machine</Info>
    <Name>${escapeXml(name)}</Name>
    <OperatingSystemSection ovf:id="${number}" vmw:osType="${vm.guestId}">
      <Info>The kind of installed guest operating system</Info>
      <Description>${escapeXml(vm.guestFullName)}</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware requirements</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>${escapeXml(name)}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>${vm.hardwareVersion}</vssd:VirtualSystemType>
      </System>
${hardware(vm, files).join('\n')}
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="${vm.firmware}"/>
      <vmw:Config ovf:required="false" vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="${vm.secureBoot ?? false}"/>
      <vmw:ExtraConfig ovf:required="false" vmw:key="vcenter.instance" vmw:value="${center.state.world.instanceUuid}"/>
    </VirtualHardwareSection>${annotation(vm)}
  </VirtualSystem>
</Envelope>
`;
}

function annotation(vm: Vm): string {
  if (!vm.annotation) return '';
  return `
    <AnnotationSection>
      <Info>A human-readable annotation</Info>
      <Annotation>${escapeXml(vm.annotation)}</Annotation>
    </AnnotationSection>`;
}

/** Items in the order of their instance ids; the fields of an item stand in alphabetical order, as the schema wants. */
function hardware(vm: Vm, files: OvfFile[]): string[] {
  const items: string[] = [];
  const add = (fields: Record<string, string | number | undefined>): number => {
    const id = items.length + 1;
    const all = Object.entries({ ...fields, InstanceID: id }).filter(([, value]) => value !== undefined);
    all.sort(([one], [other]) => (one < other ? -1 : 1));
    const lines = all.map(([name, value]) => `        <rasd:${name}>${escapeXml(String(value))}</rasd:${name}>`);
    items.push(`      <Item>\n${lines.join('\n')}\n      </Item>`);
    return id;
  };
  add({
    AllocationUnits: 'hertz * 10^6',
    Description: 'Number of Virtual CPUs',
    ElementName: `${vm.cpus} virtual CPU(s)`,
    ResourceType: 3,
    VirtualQuantity: vm.cpus,
  });
  add({
    AllocationUnits: 'byte * 2^20',
    Description: 'Memory Size',
    ElementName: `${vm.memoryMiB}MB of memory`,
    ResourceType: 4,
    VirtualQuantity: vm.memoryMiB,
  });
  const controllers = new Map<string, number>();
  for (const kind of new Set(vm.disks.map((disk) => disk.controller))) {
    const { type, subtype, name } = controllerItems[kind];
    const id = add({ Address: 0, ElementName: name, ResourceSubType: subtype || undefined, ResourceType: type });
    controllers.set(kind, id);
  }
  vm.disks.forEach((disk, index) => {
    if (!fileOf(files, disk)) return;
    add({
      AddressOnParent: disk.unit,
      ElementName: `disk${index} (${diskKey(disk)})`,
      HostResource: `ovf:/disk/vmdisk${index + 1}`,
      Parent: controllers.get(disk.controller),
      ResourceType: 17,
    });
  });
  if (hasDrive(vm)) {
    const parent = add({ Address: 1, ElementName: 'ideController1', ResourceType: 5 });
    const file = files.findIndex((candidate) => candidate.deviceId.includes('VirtualIDEController1'));
    const resource = file < 0 ? undefined : `ovf:/file/file${file + 1}`;
    const subtype = file < 0 ? 'vmware.cdrom.remotepassthrough' : 'vmware.cdrom.iso';
    add({
      AddressOnParent: 0,
      AutomaticAllocation: 'false',
      ElementName: 'cdrom0',
      HostResource: resource,
      Parent: parent,
      ResourceSubType: subtype,
      ResourceType: 15,
    });
  }
  vm.nics.forEach((nic, index) => {
    add({
      AddressOnParent: 7 + index,
      AutomaticAllocation: 'true',
      Connection: nic.network,
      ElementName: `ethernet${index}`,
      ResourceSubType: nic.adapter === 'VirtualVmxnet3' ? 'VmxNet3' : 'E1000e',
      ResourceType: 10,
    });
  });
  return items;
}
