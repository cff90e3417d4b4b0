// Answers of a vCenter that hold odd values, over the wire: one odd value costs one value, or one row, never the import.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../lab/world/world.ts';
import { catalogServerSchema } from '../../model/server.ts';
import type { Source } from '../source.ts';
import { everyPage, faultOf, never } from '../testing-readers.ts';
import { catalogRow } from './inventory.ts';
import { Places } from './places.ts';
import { type ObjectProperties, readAll } from './properties.ts';
import { VimSession } from './session.ts';
import { LOGIN, startTestLab, type TestLab } from './testing-lab.ts';
import { VM_PATHS } from './vm-record.ts';
import type { XmlNode } from './xml/xml-node.ts';

let test: TestLab;
let source: Source;

async function begin(changeWorld?: (world: World) => void): Promise<void> {
  test = await startTestLab({}, changeWorld);
  source = test.open();
}
beforeEach(() => begin());
afterEach(async () => {
  await source.close();
  await test.close();
});
/** The same servers, of another world. */
async function again(changeWorld: (world: World) => void): Promise<void> {
  await source.close();
  await test.close();
  await begin(changeWorld);
}

const rewrite = (find: string, replace: string) =>
  test.faults.add({ side: 'vcenter', operation: '*', effect: { kind: 'rewrite', find, replace } });
const servers = async () => new Map((await everyPage(source.inventory(never))).flat().map((one) => [one.vmId, one]));
const findingsOf = async (vm: string) => (await source.inspect(vm, never)).findings;
const codes = async (vm: string) => (await findingsOf(vm)).map(({ level, code }) => `${level} ${code}`);
const SERVERS = 28;

describe('odd values', () => {
  it.each([
    ['2^63 - 1 bytes', '9223372036854775807', []],
    ['less than nothing', '-1', ['warning datastore-space-unknown']],
    ['no number', 'unlimited', ['warning datastore-space-unknown']],
    ['nothing', '', ['warning datastore-space-unknown']],
  ])('a datastore with %s free: all servers are imported', async (_what, free, expected) => {
    rewrite('<freeSpace>[^<]*</freeSpace>', `<freeSpace>${free}</freeSpace>`);
    expect((await servers()).size).toBe(SERVERS);
    expect(await codes('vm-201')).toEqual(expected);
  });

  it('in one server cost that server what they are, and no other anything', async () => {
    const before = await servers();
    // The properties of vm-203 only.
    const within = (find: string, replace: string) =>
      rewrite(`(<obj type="VirtualMachine"[^>]*>vm-203</obj>(?:(?!</objects>).)*?)${find}`, `$1${replace}`);
    within('<memoryMB>[^<]*<', '<memoryMB>99999999999999999999<');
    within('<numCPU>[^<]*<', '<numCPU>-3<');
    within('<capacityInBytes>[^<]*<', '<capacityInBytes>9223372036854775807<');
    within('>bare<', '>ba\u0000re &#0;%2f&#xD800;<');
    const after = await servers();
    expect(after.get('vm-203')).toMatchObject({
      memoryMiB: 2 ** 31 - 1,
      vcpus: 0,
      name: 'ba\ufffdre \ufffd/\ufffd',
      disks: [{ capacityBytes: 0, replicable: false }],
      findings: [{ code: 'disk-size-unknown', level: 'blocking' }, { code: 'tools-not-running' }],
    });
    before.delete('vm-203');
    after.delete('vm-203');
    expect(after).toEqual(before);
  });

  it('a server whose hardware is not given is a row that says so', async () => {
    rewrite('(>vm-203</obj>(?:(?!</objects>).)*?)<propSet[^>]*><name>config.hardware</name>.*?</propSet>', '$1');
    expect((await servers()).get('vm-203')?.findings[0]).toMatchObject({
      code: 'not-readable',
      title: 'vCenter does not give all of the server: its hardware (not set).',
    });
  });

  it('a server that tells not whether it is on is not taken to be at rest', async () => {
    rewrite('<propSet[^>]*><name>runtime.powerState</name>.*?</propSet>', '');
    const taken = await source.takeSnapshot(
      'vm-201',
      { name: 's', description: '', quiesce: true, trackChanges: false },
      never,
    );
    expect(taken).toMatchObject({ quiesced: true, atRest: false });
    await source.releaseSnapshot('vm-201', { id: taken.snapshotId, name: 's' }, never);
  });

  it('a date that is none does not keep a snapshot from being taken', async () => {
    rewrite('<createTime>[^<]*<', '<createTime>yesterday<');
    const wishes = { name: 's', description: '', quiesce: true, trackChanges: false };
    const taken = await source.takeSnapshot('vm-201', wishes, never);
    expect(Math.abs(taken.takenAt.getTime() - Date.now())).toBeLessThan(3_600_000);
    await source.releaseSnapshot('vm-201', { id: taken.snapshotId, name: 's' }, never);
  });

  it('a message of any length becomes a fault that the wire takes', async () => {
    const message = `A general system error occurred: ${'very '.repeat(1000)}long \u0007`;
    const effect = { kind: 'fail', code: 'SystemError', message } as const;
    test.faults.add({ side: 'vcenter', operation: 'RetrievePropertiesEx', effect });
    const fault = await faultOf(source.inspect('vm-201', never));
    expect(fault).toMatchObject({ code: 'vcenter-fault', message: expect.stringMatching(/^vCenter answered .*…$/) });
    expect(fault.message.length).toBe(2000);
  });

  it('an answer that is SOAP but lacks what it must have is told from something else than vCenter', async () => {
    rewrite('<([a-zA-Z]+)Response xmlns="urn:vim25">.*</\\1Response>', '<OtherResponse xmlns="urn:vim25"/>');
    expect(await faultOf(source.inspect('vm-201', never))).toMatchObject({ code: 'vcenter-fault' });
  });
});

describe('a machine whose answer was altered anywhere', () => {
  it('is a row of the catalog all the same, which the console takes', async () => {
    const session = new VimSession({ url: test.lab.url, ...LOGIN, fingerprint: test.lab.fingerprint });
    try {
      const places = await new Places().learnAll(session, never);
      const machines: ObjectProperties[] = [];
      for await (const page of readAll(session, { VirtualMachine: VM_PATHS }, 100, never)) machines.push(...page);
      const two = machines.filter(({ object }) => ['vm-201', 'vm-202'].includes(object.value));
      const seed = Date.now() % 1_000_000;
      const random = numbers(seed);
      for (let round = 0; round < 3_000; round += 1) {
        const machine = two[round % 2] as ObjectProperties;
        const altered = { ...machine, properties: alter(machine.properties, random) };
        const row = catalogRow(altered, places);
        // A template has no row.
        if (row === null) continue;
        const what = `seed ${seed}, round ${round}`;
        expect(row.vmId, what).toBe(machine.object.value);
        expect(catalogServerSchema.safeParse(JSON.parse(JSON.stringify(row))).success, what).toBe(true);
      }
    } finally {
      await session.close();
    }
  });
});

/** Mulberry32: numbers from 0 to 1, the same for a seed. */
function numbers(seed: number): () => number {
  let at = seed;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const ODD = [
  '',
  ' ',
  '-1',
  '0',
  '1e400',
  'NaN',
  '9223372036854775807',
  '99999999999999999999999',
  'true',
  'somethingNew',
  '\ufffd',
  'x'.repeat(5000),
  '💾'.repeat(400),
  '[no end',
  '[] .vmdk',
  '1999-13-45T99:00:00Z',
];

/** Some properties with a node somewhere in them of another text or type, twice or gone. */
function alter(properties: ReadonlyMap<string, XmlNode>, random: () => number): Map<string, XmlNode> {
  const pick = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T;
  const change = (node: XmlNode): XmlNode[] => {
    const inner = node.children.length;
    if (inner > 0 && random() < 0.9) {
      const at = Math.floor(random() * inner);
      return [{ ...node, children: node.children.flatMap((one, index) => (index === at ? change(one) : [one])) }];
    }
    const how = random();
    if (how < 0.15) return [];
    if (how < 0.25) return [node, node];
    if (how < 0.4) return [{ ...node, type: pick(['SomethingNew', 'VirtualDisk', 'VirtualPCIPassthrough', '']) }];
    return [{ ...node, children: [], text: pick(ODD) }];
  };
  const altered = new Map(properties);
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) {
    const path = pick([...altered.keys()]);
    const [node] = change(altered.get(path) as XmlNode);
    if (node) altered.set(path, node);
    else altered.delete(path);
  }
  return altered;
}

describe('what stands in the way of a snapshot', () => {
  it.each([
    ['pci', 'PCI device 0'],
    ['pci-dynamic', 'PCI device 0'],
    ['vgpu', 'PCI device 0'],
    ['sriov', 'SR-IOV network adapter 1'],
    ['nvdimm', 'NVDIMM 1'],
  ] as const)('a device of the host blocks the server: %s', async (kind, label) => {
    await again((world) => {
      const vm = world.vms.find(({ id }) => id === 'vm-201');
      if (vm) vm.devices = [kind];
    });
    expect((await findingsOf('vm-201'))[0]).toMatchObject({
      code: 'host-devices',
      level: 'blocking',
      title: `The server holds devices of its host: ${label}.`,
    });
  });

  it('a disk on persistent memory, and an ARM guest', async () => {
    await again((world) => {
      for (const vm of world.vms) {
        if (vm.id === 'vm-201' && vm.disks[1]) vm.disks[1].pmem = true;
        if (vm.id === 'vm-202') Object.assign(vm, { guestId: 'arm-ubuntu-64', guestFullName: 'Ubuntu 64-bit Arm' });
      }
    });
    expect(await codes('vm-201')).toEqual(['blocking disk-persistent-memory']);
    expect(await codes('vm-202')).toEqual(['blocking guest-arm']);
    expect((await source.inspect('vm-202', never)).architecture).toBe('arm64');
  });
});

describe('the boot disk', () => {
  const order = async (vm: string) => {
    const taken = await source.takeSnapshot(
      vm,
      { name: 's', description: '', quiesce: false, trackChanges: false },
      never,
    );
    await source.releaseSnapshot(vm, { id: taken.snapshotId, name: 's' }, never);
    const listed = (await servers()).get(vm)?.disks.map(({ label }) => label);
    expect((await source.inspect(vm, never)).disks.map(({ label }) => label)).toEqual(listed);
    expect(taken.disks.map(({ label }) => label)).toEqual(listed);
    return listed;
  };

  it('is the one that bios.hddOrder names first, in the catalog as in the snapshot', async () => {
    await again((world) => {
      for (const vm of world.vms) vm.extraConfig = { 'bios.hddOrder': 'scsi0:2,scsi0:1' };
    });
    expect(await order('vm-202')).toEqual(['Hard disk 3', 'Hard disk 2', 'Hard disk 1']);
    expect(await codes('vm-202')).toEqual([]);
    // It names no disk that this one has, but for the second.
    expect(await order('vm-201')).toEqual(['Hard disk 2', 'Hard disk 1']);
  });

  it('stays unnamed where the options of a server cannot be read, and the import goes on', async () => {
    const before = await servers();
    const deep = `${'<x>'.repeat(80)}${'</x>'.repeat(80)}`;
    rewrite('<name>config.extraConfig</name>', `<name>config.extraConfig</name>${deep}`);
    expect(await servers()).toEqual(before);
    expect(await codes('vm-202')).toEqual([]);
  });

  it('is said to be a guess when nothing names it and its place does not tell', async () => {
    await again((world) => {
      for (const vm of world.vms) {
        if (vm.id === 'vm-201' && vm.disks[1]) vm.disks[1] = { ...vm.disks[1], controller: 'sata', unit: 0 };
        if (vm.id === 'vm-202') vm.extraConfig = { 'bios.hddOrder': 'usb0:0' };
      }
    });
    for (const vm of ['vm-201', 'vm-202']) expect(await codes(vm)).toEqual(['warning boot-disk-guessed']);
    expect((await findingsOf('vm-201'))[0]?.title).toContain('Hard disk 1');
  });
});

describe('a datastore with brackets or escapes in its name', () => {
  it.each(['NetApp [SATA] 01', '[x] y', 'a%2fb %25 c'])(
    '%s: its space is judged and its files are read',
    async (name) => {
      await again((world) => {
        for (const { datastores } of world.datacenters)
          for (const store of datastores) if (store.name === 'store East') Object.assign(store, { name, freeGiB: 3 });
        for (const vm of world.vms) if (vm.datastore === 'store East') vm.datastore = name;
      });
      const [found] = await findingsOf('vm-201');
      const shown = name.replaceAll('%2f', '/').replaceAll('%25', '%');
      expect(found).toMatchObject({ code: 'datastore-full', title: `The datastore ${shown} has 3.0 GiB free.` });
      expect((await source.inspect('vm-201', never)).disks[0]?.datastore).toBe(shown);
      const wishes = { name: 's', description: '', quiesce: false, trackChanges: false };
      const { snapshotId } = await source.takeSnapshot('vm-201', wishes, never);
      const exported = await source.openExport('vm-201', snapshotId, { transport: 'auto', seek: true }, never);
      expect([exported.transport, exported.transportWhy]).toEqual(['folder', 'Little of the disks is read.']);
      await exported.complete();
      await source.releaseSnapshot('vm-201', { id: snapshotId, name: 's' }, never);
    },
  );
});
