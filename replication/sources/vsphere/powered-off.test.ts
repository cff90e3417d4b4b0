// The last delta of a cutover: a server that ran, was copied, and is off now, over the wire against the lab's vCenter.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { indexesOf } from '../../model/extent.ts';
import type { Source, SourceSnapshot, Transport } from '../source.ts';
import { hashBlocks, never } from '../testing-readers.ts';
import { startTestLab, type TestLab } from './testing-lab.ts';

const VM = 'vm-201';
const MiB = 1024 * 1024;

let test: TestLab;
let source: Source;
beforeEach(async () => {
  test = await startTestLab();
  source = test.open();
});
afterEach(async () => {
  await source.close();
  await test.close();
});

const take = (name: string) =>
  source.takeSnapshot(VM, { name, description: '', quiesce: true, trackChanges: true }, never);
const release = ({ snapshotId: id, name }: SourceSnapshot) => source.releaseSnapshot(VM, { id, name }, never);
const write = (disk: number, offset: number) =>
  test.control('write', { vm: VM, disk, offset, pattern: 'x', length: 512 });
const hashes = async (disk: number, snapshot?: string) =>
  new Map((await test.control<{ blocks: [number, string][] }>('hash', { vm: VM, disk, snapshot })).blocks);
const changed = async (since: SourceSnapshot, { snapshotId, disks }: SourceSnapshot, at: number) => {
  const id = disks[at]?.id ?? '';
  const changeId = since.disks.find((disk) => disk.id === id)?.changeId ?? '';
  return source.changedAreas(VM, snapshotId, id, changeId, never);
};
const lineage = ({ disks }: SourceSnapshot) => disks.map(({ changeId }) => changeId?.split('/')[0]);

async function readAll(snapshot: SourceSnapshot, transport: Transport): Promise<void> {
  const exported = await source.openExport(VM, snapshot.snapshotId, { transport, seek: transport !== 'nfc' }, never);
  expect(exported.transport).toBe(transport);
  for (const [at, { id }] of snapshot.disks.entries()) {
    expect(await hashBlocks(await exported.openDisk(id, never))).toEqual(await hashes(at, snapshot.snapshotId));
  }
  await exported.complete();
}

describe('a server that is off', () => {
  it.each(['shut-down', 'power-off'] as const)(
    'after %s gives a delta, with everything that its guest wrote to the end',
    async (action) => {
      const base = await take('base');
      expect(base).toMatchObject({ quiesced: true, atRest: false });
      await write(0, 4 * MiB);
      await release(base);
      await write(0, 9 * MiB);
      await write(1, 6 * MiB);
      expect(await source.setPower(VM, action, { deadlineSeconds: 20 }, never)).toEqual({ power: 'off', note: null });

      const last = await take('last');
      expect(last).toMatchObject({
        quiesced: false,
        atRest: true,
        notQuiescedBecause: 'The server is powered off: its disks are at rest.',
      });
      expect(lineage(last)).toEqual(lineage(base));
      expect(last.disks.map(({ notTrackedBecause }) => notTrackedBecause)).toEqual([null, null]);
      expect([...indexesOf(await changed(base, last, 0))]).toEqual([8, 18]);
      expect([...indexesOf(await changed(base, last, 1))]).toEqual([12]);
      await readAll(last, 'nfc');
      await readAll(last, 'folder');
      expect(await hashes(0, last.snapshotId)).toEqual(await hashes(0));
      await release(last);
      expect(await test.control('state')).toMatchObject({ snapshots: [], leases: [] });

      const again = await take('again');
      for (const at of [0, 1]) expect(await changed(last, again, at)).toEqual([]);
      await release(again);
    },
  );

  it('is not asked to quiesce, and goes on being tracked when it is powered on again', async () => {
    await source.setPower(VM, 'power-off', { deadlineSeconds: 20 }, never);
    // vSphere would only ignore it.
    const effect = { kind: 'fail', code: 'FilesystemQuiesceFault' } as const;
    test.faults.add({
      side: 'vcenter',
      operation: 'task:CreateSnapshot_Task',
      match: { quiesceAsked: 'true' },
      effect,
    });
    const off = await take('off');
    expect(off.atRest).toBe(true);
    const { soap } = await test.control<{ soap: Record<string, number> }>('requests');
    expect(soap.CreateSnapshot_Task).toBe(1);
    await release(off);
    test.faults.clear();
    await source.setPower(VM, 'power-on', { deadlineSeconds: 20 }, never);
    await write(0, 2 * MiB);
    const on = await take('on');
    expect(on).toMatchObject({ quiesced: true, atRest: false });
    expect([...indexesOf(await changed(off, on, 0))]).toEqual([4]);
    await release(on);
  });

  it('is at rest no more than its power says: a suspended one is not', async () => {
    await test.control('power', { vm: VM, suspended: true });
    expect(await take('asleep')).toMatchObject({
      quiesced: false,
      atRest: false,
      notQuiescedBecause: expect.stringContaining('suspended'),
    });
  });
});
