// Disks out of a machine's list of devices: identity, kind, troubles, boot order; and the files of an export matched to them.
import { describe, expect, it } from 'vitest';
import { readDevices } from './devices.ts';
import { type DeviceUrl, matchDisks } from './lease.ts';
import { pinFor, resolveUrl } from './nfc-download.ts';
import { children, parseXml } from './xml/xml-node.ts';

const XSI = 'xmlns:x="http://www.w3.org/2001/XMLSchema-instance"';
const controller = (type: string, key: number, bus: number, more = '') =>
  `<device x:type="${type}"><key>${key}</key><busNumber>${bus}</busNumber>${more}</device>`;
const backing = (uuid: string, more = '', type = 'VirtualDiskFlatVer2BackingInfo') =>
  `<backing x:type="${type}"><fileName>[ds 1] a/a.vmdk</fileName>${uuid && `<uuid>${uuid}</uuid>`}${more}</backing>`;
const disk = (key: number, controllerKey: number, unit: number, inside: string, more = '') =>
  `<device x:type="VirtualDisk"><key>${key}</key>${inside}<controllerKey>${controllerKey}</controllerKey>` +
  `<unitNumber>${unit}</unitNumber><capacityInKB>1024</capacityInKB>${more}</device>`;
const read = (xml: string, boot: string[] = []) =>
  readDevices(children(parseXml(`<hardware ${XSI}>${xml}</hardware>`), 'device'), boot, 'machine');

const SCSI = controller('ParaVirtualSCSIController', 1000, 0);
const SCSI1 = controller('VirtualLsiLogicController', 1001, 1);
const IDE = controller('VirtualIDEController', 200, 0);

describe('disks of a machine', () => {
  it('come in the order of their places, the boot order before that', () => {
    const xml =
      disk(3000, 200, 0, backing('ide')) +
      disk(2016, 1001, 0, backing('s1.0')) +
      disk(2010, 1000, 10, backing('s0.10')) +
      disk(2002, 1000, 2, backing('s0.2')) +
      SCSI +
      SCSI1 +
      IDE;
    const order = (boot: string[]) => read(xml, boot).disks.map((one) => `${one.order} ${one.id}`);
    expect(order([])).toEqual(['0 s0.2', '1 s0.10', '2 s1.0', '3 ide']);
    expect(order(['3000', '2016'])).toEqual(['0 ide', '1 s1.0', '2 s0.2', '3 s0.10']);
  });

  it('stand on every kind of SCSI controller before IDE, and are found there by their places', () => {
    for (const type of ['VirtualBusLogicController', 'VirtualLsiLogicSASController', 'ParaVirtualSCSIController']) {
      const xml =
        disk(3000, 200, 0, backing('ide')) +
        disk(2000, 1000, 0, backing('s0.0')) +
        disk(2001, 1000, 1, backing('s0.1')) +
        controller(type, 1000, 0) +
        IDE;
      const order = (boot: string[]) => read(xml, boot).disks.map((one) => one.id);
      expect(order([]), type).toEqual(['s0.0', 's0.1', 'ide']);
      expect(order(['scsi0:1']), type).toEqual(['s0.1', 's0.0', 'ide']);
      expect(read(xml, ['scsi0:1']).bootDisk, type).toBe('named');
    }
  });

  it('are known by backing uuid, else object id, else machine and key, and never two by one id', () => {
    const xml =
      SCSI +
      disk(2000, 1000, 0, backing('same')) +
      disk(2001, 1000, 1, backing('same')) +
      disk(2002, 1000, 2, backing(''), '<diskObjectId>7-2002</diskObjectId>') +
      disk(2003, 1000, 3, backing(''));
    expect(read(xml).disks.map(({ id }) => id)).toEqual(['same:2000', 'same:2001', '7-2002', 'machine:2003']);
  });

  const bytes = '<capacityInBytes>3298534883328</capacityInBytes>';
  const kinds: [string, string, string, string[]][] = [
    ['thin', SCSI, disk(2000, 1000, 0, backing('a', '<thinProvisioned>true</thinProvisioned>')), []],
    ['thick, lazily zeroed', SCSI, disk(2000, 1000, 0, backing('a')), []],
    ['thick, eagerly zeroed', SCSI, disk(2000, 1000, 0, backing('a', '<eagerlyScrub>true</eagerlyScrub>')), []],
    [
      'thick, lazily zeroed, independent persistent',
      SCSI,
      disk(2000, 1000, 0, backing('a', '<diskMode>independent_persistent</diskMode>')),
      ['independent'],
    ],
    [
      'raw device mapping, physical',
      SCSI,
      disk(
        2000,
        1000,
        0,
        backing('a', '<compatibilityMode>physicalMode</compatibilityMode>', 'VirtualDiskRawDiskMappingVer1BackingInfo'),
      ),
      ['raw-physical'],
    ],
    [
      'raw device mapping, virtual',
      SCSI,
      disk(
        2000,
        1000,
        0,
        backing('a', '<compatibilityMode>virtualMode</compatibilityMode>', 'VirtualDiskRawDiskMappingVer1BackingInfo'),
      ),
      ['raw-virtual'],
    ],
    [
      'thick, lazily zeroed',
      SCSI,
      disk(2000, 1000, 0, backing('a', '<sharing>sharingMultiWriter</sharing>')),
      ['shared'],
    ],
    [
      'thick, lazily zeroed',
      controller('VirtualLsiLogicController', 1000, 0, '<sharedBus>physicalSharing</sharedBus>'),
      disk(2000, 1000, 0, backing('a')),
      ['shared'],
    ],
    ['thick, lazily zeroed', SCSI, disk(2000, 1000, 0, backing('a', '<keyId><keyId>k</keyId></keyId>')), ['encrypted']],
  ];
  for (const [kind, controllers, device, trouble] of kinds) {
    it(`is ${kind}${trouble.length > 0 ? `: ${trouble.join()}` : ''}`, () => {
      expect(read(controllers + device).disks[0]).toMatchObject({ kind, trouble, datastore: 'ds 1' });
    });
  }

  it('has its size in bytes, or in KiB of old versions, beyond 2 TiB too', () => {
    expect(read(SCSI + disk(2000, 1000, 0, backing('a'))).disks[0]?.capacityBytes).toBe(1024 * 1024);
    expect(read(SCSI + disk(2000, 1000, 0, backing('a'), bytes)).disks[0]?.capacityBytes).toBe(3 * 1024 ** 4);
  });
});

describe('files of an export', () => {
  const disks = read(SCSI + SCSI1 + disk(2000, 1000, 0, backing('a')) + disk(2016, 1001, 0, backing('b'))).disks;
  const file = (changes: Partial<DeviceUrl>): DeviceUrl => ({
    key: '',
    importKey: '',
    targetId: '',
    url: 'https://esx/nfc/1/disk.vmdk',
    thumbprint: '',
    certificate: '',
    isDisk: true,
    fileSize: 0,
    ...changes,
  });
  const match = (...files: DeviceUrl[]) =>
    Object.fromEntries([...matchDisks(files, disks)].map(([id, { key }]) => [id, key]));

  it('are matched by the place on the controller, whatever their order', () => {
    const a = file({ key: '/vm-1/ParaVirtualSCSIController0:0' });
    const b = file({ key: '/vm-1/VirtualLsiLogicController1:0' });
    const iso = file({ key: '/vm-1/VirtualIDEController1:0', isDisk: false });
    expect(match(iso, b, a)).toEqual({ a: a.key, b: b.key });
  });

  it('are told apart by their controllers when unit and bus are the same', () => {
    const alike = read(SCSI + IDE + disk(2000, 1000, 0, backing('a')) + disk(3000, 200, 0, backing('b'))).disks;
    const b = file({ key: '/vm-1/VirtualIDEController0:0' });
    const a = file({ key: '/vm-1/ParaVirtualSCSIController0:0' });
    expect([...matchDisks([b, a], alike).values()]).toEqual([a, b]);
  });

  it('are matched by device keys', () => {
    expect(match(file({ key: '/vm-1/2016' }), file({ key: 'x', targetId: 'disk-2000' }))).toEqual({
      a: 'x',
      b: '/vm-1/2016',
    });
  });

  it('are never guessed', () => {
    expect(() => match(file({ key: 'disk-0' }), file({ key: 'disk-1' }))).toThrow(/not clear which/);
    expect(() => match(file({ key: '/vm-1/ParaVirtualSCSIController0:0' }))).toThrow(/not clear which/);
    const twice = file({ key: '/vm-1/ParaVirtualSCSIController0:0' });
    expect(() => match(twice, { ...twice }, file({ key: '/vm-1/VirtualLsiLogicController1:0' }))).toThrow(/not clear/);
    expect(matchDisks([file({ key: 'anything' })], disks.slice(0, 1)).get('a')?.key).toBe('anything');
  });

  it('are fetched from the host they name, which must show the certificate that the lease names', () => {
    const center = new URL('https://vc.example:8443/sdk');
    expect(resolveUrl('https://*/nfc/1/d.vmdk', center).href).toBe('https://vc.example:8443/nfc/1/d.vmdk');
    expect(resolveUrl('https://*:444/nfc/1/d.vmdk', center).href).toBe('https://vc.example:444/nfc/1/d.vmdk');
    expect(resolveUrl('https://esx-1.example/nfc/1/d.vmdk', center).host).toBe('esx-1.example');
    expect(() => resolveUrl('http://esx/nfc/1/d.vmdk', center)).toThrow(/cannot be used/);
    expect(resolveUrl('https://*/nfc/1/d.vmdk', new URL('https://[fd00::10]/')).host).toBe('[fd00::10]');
    expect(resolveUrl('https://*:444/nfc/1/d.vmdk', new URL('https://[fd00::10]/')).host).toBe('[fd00::10]:444');
    for (const host of ['fd00::20', '[fd00::20]'])
      expect(resolveUrl(`https://${host}/nfc/1/d.vmdk`, center).host).toBe('[fd00::20]');
    const pin = (host: string, thumbprint: string) =>
      pinFor(file({ thumbprint }), new URL(`https://${host}/`), center, 'CENTER');
    expect(pin('esx', 'ab'.repeat(32))).toEqual({ kind: 'sha256', fingerprint: Array(32).fill('AB').join(':') });
    expect(() => pin('esx', 'ab'.repeat(10))).toThrow(/fingerprint/);
    expect(pin('esx', 'ab'.repeat(20))).toEqual({ kind: 'sha1', fingerprint: Array(20).fill('AB').join(':') });
    expect(pin('vc.example:8443', '')).toEqual({ kind: 'sha256', fingerprint: 'CENTER' });
    expect(pin('esx', '')).toEqual({ kind: 'authorities' });
  });
});
