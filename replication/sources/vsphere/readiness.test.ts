// What is found about a machine, by table: one change to a machine that is ready, and the findings that follow.
import { describe, expect, it } from 'vitest';
import type { DiskTrouble, VmDisk } from './devices.ts';
import { guestArchitecture, guestFamily } from './guest-system.ts';
import type { DatastoreFacts } from './places.ts';
import { findings } from './readiness.ts';
import type { VmRecord } from './vm-record.ts';

const GiB = 1024 ** 3;

function disk(changes: Partial<VmDisk> = {}): VmDisk {
  return {
    id: 'uuid-0',
    key: '2000',
    label: 'Hard disk 1',
    capacityBytes: 40 * GiB,
    kind: 'thin',
    datastore: 'vmfs',
    datastoreRef: null,
    fileName: '[vmfs] a/a.vmdk',
    order: 0,
    place: { controller: 'ParaVirtualSCSIController', bus: 0, unit: 0 },
    changeId: null,
    backing: { type: 'VirtualDiskFlatVer2BackingInfo', isDelta: false },
    trouble: [],
    ...changes,
  };
}

function vm(changes: Partial<VmRecord> = {}): VmRecord {
  return {
    vmId: 'vm-1',
    name: 'a',
    parent: null,
    instanceUuid: 'i',
    template: false,
    guestId: 'debian12_64Guest',
    guestName: 'Debian GNU/Linux 12 (64-bit)',
    reportedFamily: null,
    hardwareVersion: 'vmx-19',
    firmware: 'bios',
    secureBoot: false,
    encrypted: false,
    faultTolerant: false,
    vcpus: 2,
    memoryMiB: 2048,
    host: null,
    connection: 'connected',
    power: 'on',
    consolidationNeeded: false,
    hostName: null,
    primaryAddress: null,
    guestNics: [],
    tools: 'running',
    datastores: [],
    snapshots: [],
    devices: { disks: [disk()], nics: [], isos: [], hasTpm: false, hostDevices: [], bootDisk: null },
    unread: [],
    ...changes,
  };
}

const devices = (changes: Partial<VmRecord['devices']>) => vm({ devices: { ...vm().devices, ...changes } });
const troubled = (...trouble: DiskTrouble[]) =>
  devices({ disks: [disk(), disk({ id: 'b', label: 'Hard disk 2', trouble })] });
const nic = { key: '4000', label: 'Network adapter 1', mac: '', networkName: 'n', portgroupKey: null };
const snapshot = {
  ref: { type: 'S', value: 's' },
  name: 'mine',
  description: '',
  createdAt: new Date(),
  quiesced: false,
};
const store = (changes: Partial<DatastoreFacts> = {}): DatastoreFacts => ({
  id: 'datastore-1',
  name: 'vmfs',
  freeBytes: 100 * GiB,
  accessible: true,
  ...changes,
});

const CASES: [string, VmRecord, DatastoreFacts[], string[]][] = [
  ['an ordinary server', vm(), [store()], []],
  ['a server without its host', vm({ connection: 'disconnected' }), [], ['blocking machine-not-connected']],
  ['a template', vm({ template: true }), [], ['blocking template']],
  ['Fault Tolerance', vm({ faultTolerant: true }), [], ['blocking fault-tolerance']],
  ['disks to consolidate', vm({ consolidationNeeded: true }), [], ['blocking consolidation-needed']],
  ['no disk', devices({ disks: [] }), [], ['blocking no-disks']],
  ['an independent disk', troubled('independent'), [], ['blocking disk-independent']],
  ['a physical RDM', troubled('raw-physical'), [], ['blocking disk-raw-physical']],
  ['a virtual RDM', troubled('raw-virtual'), [], ['warning disk-raw-virtual']],
  ['a shared disk', troubled('shared'), [], ['blocking disk-shared']],
  ['an encrypted disk', vm({ ...troubled('encrypted'), encrypted: true }), [], ['blocking disk-encrypted']],
  ['an encrypted configuration', vm({ encrypted: true }), [], ['warning machine-encrypted']],
  [
    'a disk with two troubles',
    troubled('independent', 'shared'),
    [],
    ['blocking disk-independent', 'blocking disk-shared'],
  ],
  ['a lost datastore', vm(), [store({ accessible: false, freeBytes: 0 })], ['blocking datastore-inaccessible']],
  ['4.9 GiB free', vm(), [store({ freeBytes: 4.9 * GiB })], ['blocking datastore-full']],
  ['5 GiB free', vm(), [store({ freeBytes: 5 * GiB })], ['warning datastore-low']],
  ['20 GiB free', vm(), [store({ freeBytes: 20 * GiB })], []],
  [
    'a tenth of a large disk free',
    devices({ disks: [disk({ capacityBytes: 400 * GiB })] }),
    [store({ freeBytes: 40 * GiB })],
    [],
  ],
  [
    'less than that',
    devices({ disks: [disk({ capacityBytes: 400 * GiB })] }),
    [store({ freeBytes: 39 * GiB })],
    ['warning datastore-low'],
  ],
  ['a full datastore that holds no disk', vm(), [store({ name: 'isos', freeBytes: 0 })], []],
  ['an ISO image', devices({ isos: ['[vmfs] x.iso'] }), [], ['warning iso-attached']],
  ['a snapshot', vm({ snapshots: [snapshot] }), [], ['warning snapshots-present']],
  [
    'a snapshot of our own',
    vm({ snapshots: [{ ...snapshot, name: 'landfall-sms-run-1' }] }),
    [],
    ['warning own-snapshot-present'],
  ],
  ['no tools', vm({ tools: 'not-installed' }), [], ['warning tools-not-running']],
  ['no tools, powered off', vm({ tools: 'not-running', power: 'off' }), [], []],
  ['a suspended server', vm({ power: 'suspended', tools: 'not-running' }), [], ['warning suspended']],
  ['Secure Boot', vm({ firmware: 'uefi', secureBoot: true }), [], ['warning secure-boot']],
  ['a virtual TPM', devices({ hasTpm: true }), [], ['warning virtual-tpm']],
  ['a large boot disk', devices({ disks: [disk({ capacityBytes: 2049 * GiB })] }), [], ['warning boot-disk-too-large']],
  [
    '32 bits',
    vm({ guestId: 'debian10Guest', guestName: 'Debian GNU/Linux 10 (32-bit)' }),
    [],
    ['warning guest-32-bit'],
  ],
  [
    'another system',
    vm({ guestId: 'freebsd13_64Guest', guestName: 'FreeBSD 13 (64-bit)' }),
    [],
    ['warning guest-unknown'],
  ],
  ['a passed-through device', devices({ hostDevices: ['PCI device 0'] }), [], ['blocking host-devices']],
  ['an ARM guest by its id', vm({ guestId: 'arm-debian12-64', guestName: '' }), [], ['blocking guest-arm']],
  ['an ARM guest by its name', vm({ guestName: 'Ubuntu Linux (64-bit ARM)' }), [], ['blocking guest-arm']],
  ['a disk on persistent memory', troubled('persistent-memory'), [], ['blocking disk-persistent-memory']],
  ['a disk without a size', troubled('size-unknown'), [], ['blocking disk-size-unknown']],
  [
    'hardware that may not be read',
    vm({ ...devices({ disks: [] }), unread: ['its hardware (NoPermission)'] }),
    [],
    ['blocking not-readable'],
  ],
  ['free space that nobody tells', vm(), [store({ freeBytes: null })], ['warning datastore-space-unknown']],
  [
    'another datastore of the same name',
    devices({ disks: [disk({ datastoreRef: { type: 'Datastore', value: 'datastore-2' } })] }),
    [store({ freeBytes: 0 })],
    [],
  ],
  ['a boot disk that is a guess', devices({ bootDisk: 'guessed' }), [], ['warning boot-disk-guessed']],
  ['a boot disk that is named', devices({ bootDisk: 'named' }), [], []],
  ['desktop Windows', vm({ guestId: 'windows9_64Guest' }), [], ['warning windows-client']],
  ['two networks', devices({ nics: [nic, nic] }), [], ['warning several-networks']],
  [
    'blocking ones first',
    vm({ tools: 'not-installed', consolidationNeeded: true, secureBoot: true }),
    [],
    ['blocking consolidation-needed', 'warning tools-not-running', 'warning secure-boot'],
  ],
];

describe('readiness', () => {
  for (const [name, machine, datastores, expected] of CASES) {
    it(`of ${name}`, () => {
      const found = findings(machine, datastores);
      expect(found.map(({ level, code }) => `${level} ${code}`)).toEqual(expected);
      for (const { title, why, remedy } of found) {
        for (const words of [title, why, remedy]) expect(words).toMatch(/^\S.{8,}[.]$/);
      }
    });
  }

  it('judges the free space of the datastore that the backing refers to, whatever brackets its name holds', () => {
    const onIt = disk({ datastore: 'NetApp [SATA', datastoreRef: { type: 'Datastore', value: 'datastore-1' } });
    const full = store({ name: 'NetApp [SATA] 01', freeBytes: 1 });
    expect(findings(devices({ disks: [onIt] }), [full]).map(({ code }) => code)).toEqual(['datastore-full']);
  });

  it('names the disks that are meant', () => {
    expect(findings(troubled('independent'), [])[0]?.title).toBe('Hard disk 2 is independent of snapshots.');
    const both = devices({
      disks: [disk({ trouble: ['shared'] }), disk({ id: 'b', label: 'Hard disk 2', trouble: ['shared'] })],
    });
    expect(findings(both, [])[0]?.title).toBe('Hard disk 1, Hard disk 2 are shared with other servers.');
  });
});

describe('guest systems', () => {
  const cases: [string, string, string][] = [
    ['debian12_64Guest', 'linux', 'x86_64'],
    ['ubuntu64Guest', 'linux', 'x86_64'],
    ['rhel9_64Guest', 'linux', 'x86_64'],
    ['oracleLinux8_64Guest', 'linux', 'x86_64'],
    ['amazonlinux2_64Guest', 'linux', 'x86_64'],
    ['other5xLinux64Guest', 'linux', 'x86_64'],
    ['sles12Guest', 'linux', 'i386'],
    ['rockylinux_64Guest', 'linux', 'x86_64'],
    ['windows2019srv_64Guest', 'windows-server', 'x86_64'],
    ['windows2022srvNext_64Guest', 'windows-server', 'x86_64'],
    ['windows9Server64Guest', 'windows-server', 'x86_64'],
    ['windows7Server64Guest', 'windows-server', 'x86_64'],
    ['winNetEnterprise64Guest', 'windows-server', 'x86_64'],
    ['winLonghornGuest', 'windows-server', 'i386'],
    ['windowsHyperVGuest', 'windows-server', 'x86_64'],
    ['windows9_64Guest', 'windows-client', 'x86_64'],
    ['windows11_64Guest', 'windows-client', 'x86_64'],
    ['winXPProGuest', 'windows-client', 'i386'],
    ['freebsd13_64Guest', 'other', 'x86_64'],
    ['darwin20_64Guest', 'other', 'x86_64'],
    ['otherGuest', 'other', 'i386'],
    ['', 'other', 'i386'],
  ];
  // Ids that came after this code: what the tools report, then the name, then the id's own pattern.
  const later: [string, string, string | null, string, string][] = [
    ['pardus_64Guest', 'Pardus (64-bit)', null, 'linux', 'x86_64'],
    ['fusionos_64Guest', 'FusionOS (64-bit)', null, 'linux', 'x86_64'],
    ['brandnew_64Guest', 'Brand New OS', 'linuxGuest', 'linux', 'x86_64'],
    ['brandnew_64Guest', 'Microsoft Windows Server 2031 (64-bit)', 'windowsGuest', 'windows-server', 'x86_64'],
    ['brandnew_64Guest', 'Microsoft Windows 14 (64-bit)', 'windowsGuest', 'windows-client', 'x86_64'],
    ['brandnewGuest', 'Ubuntu Linux 30.04 (64-bit)', null, 'linux', 'x86_64'],
    ['brandnewGuest', 'Brand New OS', 'otherGuestFamily', 'other', 'i386'],
  ];
  for (const [guestId, guestName, reportedFamily, family, architecture] of later) {
    it(`${guestId}, ${guestName}, ${reportedFamily} is ${family}`, () => {
      const guest = { guestId, guestName, reportedFamily };
      expect([guestFamily(guest), guestArchitecture(guest)]).toEqual([family, architecture]);
    });
  }
  for (const [id, family, architecture] of cases) {
    it(`${id || 'no id'} is ${family}, ${architecture}`, () => {
      const guest = { guestId: id, guestName: '', reportedFamily: null };
      expect([guestFamily(guest), guestArchitecture(guest)]).toEqual([family, architecture]);
    });
  }
});
