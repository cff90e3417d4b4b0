// Reading disks by ranges of datastore files, over the wire: when it is done, when it is not, and what goes wrong midway.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../lab/world/world.ts';
import { DISK_BLOCK_BYTES } from '../../model/extent.ts';
import type { Source, SourceExport, SourceSnapshot } from '../source.ts';
import { faultOf, hashBlocks, never } from '../testing-readers.ts';
import { flatFileOf, folderUrls } from './folder-address.ts';
import { startTestLab, type TestLab } from './testing-lab.ts';

const VM = 'vm-201';
const DISKS = 2;
const SEEK = { transport: 'auto', seek: true } as const;
const GET = { side: 'vcenter', operation: 'folder:GET' } as const;

let test: TestLab;
let source: Source;
let snapshot: SourceSnapshot;

async function begin(changeWorld?: (world: World) => void): Promise<void> {
  test = await startTestLab({}, changeWorld);
  source = test.open();
  snapshot = await source.takeSnapshot(VM, { name: 's', description: '', quiesce: false, trackChanges: false }, never);
}
beforeEach(() => begin());
afterEach(async () => {
  await source.close();
  await test.close();
});

const open = (options: Parameters<Source['openExport']>[2] = SEEK) =>
  source.openExport(VM, snapshot.snapshotId, options, never);
const mode = (folderMode: string) => test.control('vm', { vm: VM, folderMode });
const traffic = async () =>
  await test.control<Record<'folder' | 'nfc', { requests: number; bytes: number }>>('requests', { reset: true });
const hashes = async (disk = 0) =>
  new Map(
    (await test.control<{ blocks: [number, string][] }>('hash', { vm: VM, disk, snapshot: snapshot.snapshotId }))
      .blocks,
  );
const diskId = (disk = 0) => snapshot.disks[disk]?.id ?? '';
const read = async (exported: SourceExport) => hashBlocks(await exported.openDisk(diskId(), never));

describe('reading by ranges', () => {
  it('finds the datacenter of a machine in a vApp, which no folder holds', async () => {
    await source.close();
    await test.close();
    await begin((world) => {
      world.datacenters[0]!.vApps = ['Shop & Co'];
      world.vms[0]!.vApp = 'Shop & Co';
    });
    expect((await source.inspect(VM, never)).path).toBe('/Datacenters/East/vm/Shop & Co/both-1');
    const exported = await open();
    expect(exported.transport).toBe('folder');
    expect(await read(exported)).toEqual(await hashes());
    await exported.complete();
  });

  it('reads the bytes that were asked for and no others, as they were when frozen', async () => {
    const exported = await open();
    expect(exported).toMatchObject({ transport: 'folder', transportWhy: 'Little of the disks is read.' });
    expect((await traffic()).folder).toEqual({ requests: DISKS, bytes: DISKS * 512 });
    await test.control('write', { vm: VM, disk: 0, offset: 0, text: 'later' });
    const extents = [
      { offset: 0, length: 6 * DISK_BLOCK_BYTES },
      { offset: 40 * DISK_BLOCK_BYTES, length: DISK_BLOCK_BYTES },
    ];
    const found = await hashBlocks(await exported.openDisk(diskId(), never, extents));
    const frozen = await hashes();
    for (const index of [0, 1, 2, 3, 4, 5, 40]) expect(found.get(index)).toBe(frozen.get(index));
    expect((await traffic()).folder).toEqual({ requests: 3, bytes: 7 * DISK_BLOCK_BYTES });
    await exported.complete();
    expect((await test.control<{ leases: unknown[] }>('state')).leases).toEqual([]);
  });

  it('reads whole disks too, when asked by name', async () => {
    const exported = await open({ transport: 'folder', seek: false });
    expect(exported.transport).toBe('folder');
    expect(await read(exported)).toEqual(await hashes());
    expect(await exported.descriptor(never)).toMatch(/<Envelope[\s\S]*both-1/);
    await exported.abort('enough');
    await faultOf(exported.openDisk(diskId(), never));
    await source.releaseExport(exported.exportId, never);
  });

  it('is not looked for when whole disks are read, or another transport was chosen', async () => {
    for (const choice of [
      { transport: 'auto', seek: false },
      { transport: 'nfc', seek: true },
    ] as const) {
      const exported = await open(choice);
      expect(exported.transport).toBe('nfc');
      await exported.abort('enough');
    }
    expect((await traffic()).folder.requests).toBe(0);
    expect(await faultOf(open({ transport: 'nbd', seek: true }))).toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('NBD'),
    });
  });

  it.each([
    ['ignores-range', /answered 200 instead of 206/],
    ['no-ranges', /answered 416 instead of 206/],
    ['locked', /answered 500 instead of 206/],
    ['not-found', /answered 404 instead of 206/],
    ['wrong-total', /gave a file of 25231360 bytes for a disk of 25165824/],
  ])('gives way to the stream where the datastore is of the kind: %s', async (kind, words) => {
    await mode(kind);
    const exported = await open();
    expect(exported.transport).toBe('nfc');
    expect(exported.transportWhy).toMatch(words);
    expect(exported.transportWhy).toMatch(/^Hard disk 1: \/folder .*\.$/);
    expect(await read(exported)).toEqual(await hashes());
    await exported.complete();
  });

  it('gives way without the privileges, and names them', async () => {
    await test.control('privileges', { missing: ['Datastore.FileManagement'] });
    const exported = await open();
    expect(exported.transportWhy).toContain('may lack Datastore.Browse or Datastore.FileManagement');
    await exported.abort('enough');
    const failing = (await source.checkHealth(never)).filter(({ ok }) => !ok);
    expect(failing).toMatchObject([{ id: 'privilege:Datastore.FileManagement', level: 'advice' }]);
  });

  it('gives way where the disks stand on older snapshots, or on files that a removal left', async () => {
    const release = () => source.releaseSnapshot(VM, { id: null, name: 's' }, never);
    const take = async () => {
      const wishes = { name: 's', description: '', quiesce: false, trackChanges: false };
      snapshot = await source.takeSnapshot(VM, wishes, never);
    };
    const why = async () => {
      const exported = await open();
      await exported.abort('enough');
      return `${exported.transport}: ${exported.transportWhy}`;
    };
    await release();
    await test.control('foreign-snapshot', { vm: VM, name: 'theirs' });
    await take();
    expect(await why()).toBe('nfc: The server has older snapshots, so no single file holds a disk.');
    await release();
    await test.control('vm', { vm: VM, removal: 'leaves-files' });
    await test.control('foreign-snapshot', { vm: VM, name: 'theirs', remove: true });
    await take();
    expect(await why()).toBe('nfc: Hard disk 1 stands on older snapshots, so no single file holds it.');
    expect((await traffic()).folder.requests).toBe(0);
  });

  it('goes on when a later snapshot is taken above ours', async () => {
    await test.control('foreign-snapshot', { vm: VM, name: 'later' });
    const exported = await open();
    expect(exported.transport).toBe('folder');
    expect(await read(exported)).toEqual(await hashes());
    await exported.complete();
  });

  it('finds datacenters and datastores with odd names', async () => {
    await source.close();
    await test.close();
    await begin((world) => {
      const [east] = world.datacenters;
      if (east) east.name = 'East & West +1';
      for (const vm of world.vms) if (vm.datacenter === 'East') vm.datacenter = 'East & West +1';
    });
    const exported = await open();
    expect(exported.transport).toBe('folder');
    await exported.complete();
  });
});

describe('trouble while ranges are read', () => {
  it.each(['ignores-range', 'no-ranges', 'locked', 'not-found', 'wrong-total'])(
    'is a fault that says so when the datastore turns to: %s; the stream then serves',
    async (kind) => {
      const exported = await open();
      await mode(kind);
      const fault = await faultOf(read(exported));
      expect(fault).toMatchObject({ code: 'export-cut', retry: 'now' });
      expect(fault.message).toMatch(/^The datastore no longer serves the disk: it (answered \d+|gave a file of)/);
      await exported.abort('refused');
      const stream = await open({ transport: 'nfc', seek: false });
      expect(await read(stream)).toEqual(await hashes());
      await stream.complete();
    },
  );

  it('is passed over when answers are cut, or vCenter is busy for a moment', async () => {
    const exported = await open();
    test.faults.add({ ...GET, count: 2, effect: { kind: 'cut', afterBytes: 100_000 } });
    test.faults.add({ ...GET, skip: 3, count: 1, effect: { kind: 'fail', code: 'busy', status: 503 } });
    expect(await read(exported)).toEqual(await hashes());
    test.faults.add({ ...GET, effect: { kind: 'cut', afterBytes: 100 } });
    expect(await faultOf(read(exported))).toMatchObject({ code: 'export-cut', retry: 'now' });
    await exported.abort('cut');
  });

  it('is none when the session ends on the way', async () => {
    const exported = await open();
    await test.control('expire-sessions');
    expect(await read(exported)).toEqual(await hashes());
    await exported.complete();
  });

  it('stops with the reason of the signal, also while vCenter is silent', async () => {
    const exported = await open();
    test.faults.add({ ...GET, effect: { kind: 'hang' } });
    const stop = new AbortController();
    const reader = await exported.openDisk(diskId(), stop.signal);
    const reading = hashBlocks(reader, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await exported.abort('enough');
  });

  it('ends a read when the export ends', async () => {
    const exported = await open();
    test.faults.add({ ...GET, effect: { kind: 'hang' } });
    const reading = faultOf(read(exported));
    await exported.abort('enough');
    expect((await reading).code).not.toBe('cancelled');
  });

  it('is found out when the snapshot went, or its file moved, while it was read', async () => {
    const moved = await open();
    await read(moved);
    await test.control('relocate', { vm: VM, disk: 0, name: 'elsewhere' });
    expect(await faultOf(moved.complete())).toMatchObject({ code: 'export-cut', retry: 'now' });
    await moved.abort('moved');
    const gone = await open();
    await read(gone);
    await source.releaseSnapshot(VM, { id: snapshot.snapshotId, name: 's' }, never);
    expect((await faultOf(gone.complete())).code).toBe('export-refused');
    await gone.abort('gone');
  });
});

describe('the address of a flat file', () => {
  const disk = (fileName: string, backing = { type: 'VirtualDiskFlatVer2BackingInfo', isDelta: false }) =>
    flatFileOf({ label: 'Disk', fileName, backing } as Parameters<typeof flatFileOf>[0], null);

  it('is beside the descriptor of a base disk, and there is none for others', () => {
    expect(disk('[a b] x/y.vmdk')).toEqual({ datastore: 'a b', path: 'x/y-flat.vmdk' });
    expect(disk('[NetApp [SATA] 01] x/y.vmdk')).toEqual({ datastore: 'NetApp [SATA] 01', path: 'x/y-flat.vmdk' });
    for (const name of ['[s] x/y-000001.vmdk', '[s] x/y-delta.vmdk', '[s] x/y-sesparse.vmdk', 'y.vmdk']) {
      expect(disk(name)).toHaveProperty('refusal');
    }
    expect(disk('[s] x/y.vmdk', { type: 'VirtualDiskSeSparseBackingInfo', isDelta: false })).toHaveProperty('refusal');
    expect(disk('[s] x/y.vmdk', { type: 'VirtualDiskFlatVer2BackingInfo', isDelta: true })).toHaveProperty('refusal');
  });

  it('escapes names twice, then once; only one way where nothing needs it', () => {
    const urls = (dcPath: string, datastore: string) =>
      folderUrls(new URL('https://vc.example/sdk'), dcPath, { datastore, path: 'a b/c#d-flat.vmdk' }).map(String);
    expect(urls('Europe/East & West', 's')).toEqual([
      'https://vc.example/folder/a%20b/c%23d-flat.vmdk?dcPath=Europe%252FEast%2520%2526%2520West&dsName=s',
      'https://vc.example/folder/a%20b/c%23d-flat.vmdk?dcPath=Europe%2FEast%20%26%20West&dsName=s',
    ]);
    expect(urls('East', 's').length).toBe(1);
  });
});
