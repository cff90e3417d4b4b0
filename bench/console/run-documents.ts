// The JSON that a run gathers on its way (services/tasks/settle.ts writes it), as templates: one for each number of disks and
// each way of copying them.
import type { RunSettings } from '../../db/schema/index.ts';
import type { CopyMode } from '../../replication/model/baseline.ts';
import { ITINERARY, type StepId } from '../../replication/model/itinerary.ts';
import type { StepProgress, StepResults } from '../../replication/model/step-results.ts';
import { json, text } from './template.ts';

export const KINDS = ['full', 'compared', 'delta', 'mixed'] as const;
export type Kind = (typeof KINDS)[number];

const REASONS: Record<CopyMode, string | null> = {
  full: 'It is the first copy of this disk.',
  compared: 'The source does not track the changes of this disk.',
  delta: null,
};

export const settings: RunSettings = {
  license: 'auto',
  imageMethod: 'auto',
  keepImages: json('keep'),
  vmId: text('vmId'),
  guestFamily: json('familyJson'),
  target: { name: 'Main', region: 'eu-central-1', bucket: 'landfall-staging' },
  transfer: 's3',
  transport: 'auto',
  verification: 'sampled',
  encryption: { encrypted: false, kmsKeyArn: null },
};

/** Results of a run that went to its end. */
export function results(disks: number, kind: Kind): StepResults {
  const each = Array.from({ length: disks }, (_, at) => ({ at, mode: modeOf(kind, at), id: text(`disk${at}`) }));
  const via = (mode: CopyMode) => (mode === 'full' ? ('vmdk' as const) : ('pack' as const));
  const digests = (at: number, mode: CopyMode) => `landfall-digests/${text('job')}/${text('run')}/${at}-1-${mode}/`;
  const parent = (at: number, mode: CopyMode) => (mode === 'full' ? null : `snap-0${text(`parent${at}`)}`);
  const snapshot = (at: number) => `snap-0${text(`snapshot${at}`)}`;
  return {
    'check-server': { server: json('record'), findings: json('findings') },
    'take-snapshot': {
      snapshotId: `snapshot-${text('r')}`,
      name: `landfall-${text('run')}`,
      takenAt: text('t2'),
      quiesced: json('quiesced'),
      atRest: false,
      notQuiescedBecause: json('notQuiesced'),
      disks: each.map(({ at, id }) => ({
        id,
        key: String(2000 + at),
        label: `Hard disk ${at + 1}`,
        capacityBytes: json(`capacity${at}`),
        order: at,
        changeId: `52 ${text(`change${at}`)}/${text('k')}`,
        notTrackedBecause: null,
      })),
    },
    'find-changes': {
      disks: each.map(({ at, id, mode }) => ({
        id,
        mode,
        reason: REASONS[mode],
        changedBytes: mode === 'delta' ? json(`changed${at}`) : null,
        baseline: mode === 'full' ? null : { manifestKey: `${digests(at, mode)}base`, root: text(`root${at}`) },
      })),
    },
    'start-snapshots': {
      disks: each.map(({ at, id, mode }) => ({
        id,
        mode,
        reason: REASONS[mode],
        via: via(mode),
        parentSnapshotId: parent(at, mode),
        snapshotId: mode === 'full' ? null : snapshot(at),
        encryption: null,
      })),
    },
    'copy-disks': {
      transport: kind === 'delta' ? 'folder' : 'nfc',
      transportWhy: kind === 'delta' ? 'Little of the disks is read.' : 'The disks are read whole.',
      descriptor: descriptor(disks),
      disks: each.map(({ at, id, mode }) => ({
        id,
        mode,
        reason: REASONS[mode],
        via: via(mode),
        parentSnapshotId: parent(at, mode),
        bucket: 'landfall-staging',
        key: `landfall/${text('job')}/${text('run')}/${at}-${2000 + at}-1.${mode === 'full' ? 'vmdk' : 'lfpack'}`,
        snapshotId: null,
        capacityBytes: json(`capacity${at}`),
        bytesRead: mode === 'delta' ? json(`changed${at}`) : json(`used${at}`),
        bytesSent: mode === 'full' ? json(`packed${at}`) : json(`sent${at}`),
        blocks: mode === 'full' ? json(`usedBlocks${at}`) : json(`blocks${at}`),
        unchangedBlocks: 0,
        manifestKey: `${digests(at, mode)}manifest`,
        rootDigest: text(`root${at}`),
        digestPrefixes: [digests(at, mode)],
        seconds: json('seconds'),
      })),
    },
    'release-snapshot': {},
    'make-snapshots': { disks: each.map(({ at, id }) => ({ id, snapshotId: snapshot(at) })) },
    verify: {
      disks: each.map(({ at, id }) => ({ id, full: json('full'), blocks: json(`usedBlocks${at}`), checked: 48 })),
    },
    'delete-staging': { deleted: disks },
    'create-image': { imageId: `ami-0${text('image')}`, method: json('methodJson'), note: json('note') },
    'prune-images': { images: [] },
  };
}

function modeOf(kind: Kind, disk: number): CopyMode {
  if (kind !== 'mixed') return kind;
  return disk === 0 ? 'full' : 'delta';
}

/** Step after step without a gap: t0 to t11. */
export const timeline = Object.fromEntries(
  ITINERARY.map(({ id }, at) => [id, { startedAt: text(`t${at}`), endedAt: text(`t${at + 1}`), attempts: 1 }]),
) as Record<StepId, { startedAt: string; endedAt: string; attempts: number }>;

/** Of a run that copies; `share` is from 0 to 1. */
export const progress = (disks: number): StepProgress => ({
  fraction: json('share'),
  note: null,
  disks: Array.from({ length: disks }, (_, at) => ({
    id: text(`disk${at}`),
    label: `Hard disk ${at + 1}`,
    capacityBytes: json(`capacity${at}`),
    doneBytes: json(`done${at}`),
    bytesRead: json(`done${at}`),
    bytesSent: json(`done${at}`),
    rate: json('rate'),
    secondsLeft: json('left'),
    state: 'running',
  })),
});

/** What vSphere tells of an export, in about the length that it has. */
function descriptor(disks: number): string {
  const each = (make: (at: number) => string) => Array.from({ length: disks }, (_, at) => make(at)).join('');
  const item = (fields: Record<string, string | number>) =>
    `      <Item>\n${Object.entries(fields)
      .map(([field, value]) => `        <rasd:${field}>${value}</rasd:${field}>\n`)
      .join('')}      </Item>\n`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope vmw:buildId="build-22617221" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References>
${each((at) => `    <File ovf:href="disk-${at}.vmdk" ovf:id="file${at + 1}" ovf:size="0"/>\n`)}  </References>
  <DiskSection>
    <Info>Virtual disk information</Info>
${each((at) => `    <Disk ovf:capacity="${text(`capacity${at}`)}" ovf:capacityAllocationUnits="byte" ovf:diskId="vmdisk${at + 1}" ovf:fileRef="file${at + 1}" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>\n`)}  </DiskSection>
  <NetworkSection>
    <Info>The list of logical networks</Info>
    <Network ovf:name="VM Network">
      <Description>The VM Network network</Description>
    </Network>
  </NetworkSection>
  <VirtualSystem ovf:id="${text('name')}">
    <Info>A virtual machine</Info>
    <Name>${text('name')}</Name>
    <OperatingSystemSection ovf:id="94" vmw:osType="${text('guestId')}">
      <Info>The kind of installed guest operating system</Info>
      <Description>${text('guestName')}</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware requirements</Info>
${item({ AllocationUnits: 'hertz * 10^6', Description: 'Number of Virtual CPUs', ElementName: `${text('vcpus')} virtual CPU(s)`, InstanceID: 1, ResourceType: 3, VirtualQuantity: text('vcpus') })}${item({ AllocationUnits: 'byte * 2^20', Description: 'Memory Size', ElementName: `${text('memoryMiB')}MB of memory`, InstanceID: 2, ResourceType: 4, VirtualQuantity: text('memoryMiB') })}${item({ Address: 0, ElementName: 'SCSIController0', InstanceID: 3, ResourceSubType: 'VirtualSCSI', ResourceType: 6 })}${each((at) => item({ AddressOnParent: at, ElementName: `disk${at} (${2000 + at})`, HostResource: `ovf:/disk/vmdisk${at + 1}`, InstanceID: 4 + at, Parent: 3, ResourceType: 17 }))}${item({ AddressOnParent: 7, AutomaticAllocation: 'true', Connection: 'VM Network', ElementName: 'ethernet0', InstanceID: 9, ResourceSubType: 'VmxNet3', ResourceType: 10 })}      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="bios"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;
}
