// What every source must do, as tests over the wire of its platform. Each adapter's test file calls describeSource.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DISK_BLOCK_BYTES } from '../disks/block.ts';
import { coverage, indexesOf, widenToBlocks } from '../model/extent.ts';
import { ChangesUnknown, type Source, type SourceSnapshot } from './source.ts';
import type { FrozenDisk, SourceHarness } from './testing-harness.ts';
import { everyPage, faultOf, hashBlocks, never, readBlocks, turn, WHOLE } from './testing-readers.ts';

const details = (name: string) => ({
  name,
  description: 'made by <a test> & gone soon',
  quiesce: true,
  trackChanges: true,
});

export function describeSource(platform: string, start: () => Promise<SourceHarness>): void {
  describe(`${platform}, as a source`, () => {
    let harness: SourceHarness;
    let source: Source;
    const opened: Source[] = [];
    const another = () => {
      const one = harness.open();
      opened.push(one);
      return one;
    };
    const firstVm = () => harness.withTwoDisks[0] ?? '';
    let before: { snapshots: string[] };

    beforeAll(async () => {
      harness = await start();
      source = harness.open();
      before = await harness.leftovers();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
      const { snapshots, exports } = await harness.leftovers();
      expect({ snapshots, exports }).toEqual({ snapshots: before.snapshots, exports: 0 });
    });
    afterAll(async () => {
      await source.close();
      expect((await harness.leftovers()).sessions).toBe(0);
      await harness.close();
    });

    async function withSnapshot(vmId: string, name: string, use: (snapshot: SourceSnapshot) => Promise<void>) {
      const snapshot = await source.takeSnapshot(vmId, details(name), never);
      try {
        await use(snapshot);
      } finally {
        await source.releaseSnapshot(vmId, { id: snapshot.snapshotId, name }, never);
      }
    }

    it('says who its VM manager is, the same each time', async () => {
      const first = await source.identify(never);
      expect(first.id).not.toBe('');
      expect(first.version).toMatch(/^\d/);
      expect(await another().identify(never)).toEqual(first);
    });

    it('is healthy, check by check', async () => {
      const checks = await source.checkHealth(never);
      expect(checks.filter((one) => one.level === 'required' && !one.ok)).toEqual([]);
      expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
    });

    it('lists every server once, wherever it stands, over several pages', async () => {
      const pages = await everyPage(source.inventory(never));
      const all = pages.flat();
      expect(pages.length).toBeGreaterThan(1);
      expect(all.map(({ name }) => name).sort()).toEqual([...harness.servers].sort());
      expect(new Set(all.map(({ vmId }) => vmId)).size).toBe(all.length);
      for (const prefix of harness.pathPrefixes) expect(all.some(({ path }) => path.startsWith(prefix))).toBe(true);
      for (const { path, name } of all) expect(path.endsWith(`/${name}`)).toBe(true);
    });

    it('shows a single server as in the list, and says when it is gone', async () => {
      const all = (await everyPage(source.inventory(never))).flat();
      expect(await source.inspect(firstVm(), never)).toEqual(all.find(({ vmId }) => vmId === firstVm()));
      expect((await faultOf(source.inspect('vm-999999', never))).code).toBe('server-gone');
    });

    it('stops listing when the list is left early', async () => {
      for await (const page of source.inventory(never)) {
        expect(page.length).toBeGreaterThan(0);
        break;
      }
      expect((await everyPage(source.inventory(never))).flat().length).toBe(harness.servers.length);
    });

    it('takes a snapshot of all disks once, whoever asks how often', async () => {
      await withSnapshot(firstVm(), 'asked twice', async (snapshot) => {
        const { disks } = await source.inspect(firstVm(), never);
        expect(snapshot.disks.map(({ id, order, capacityBytes }) => ({ id, order, capacityBytes }))).toEqual(
          disks.map(({ id, order, capacityBytes }) => ({ id, order, capacityBytes })),
        );
        expect(Math.abs(Date.now() - snapshot.takenAt.getTime())).toBeLessThan(60_000);
        expect(snapshot).toMatchObject({ name: 'asked twice', quiesced: true, notQuiescedBecause: null });
        const again = await another().takeSnapshot(firstVm(), details('asked twice'), never);
        expect(again.snapshotId).toBe(snapshot.snapshotId);
        expect(again.disks).toEqual(snapshot.disks);
        expect((await harness.leftovers()).snapshots.length).toBe(before.snapshots.length + 1);
      });
    });

    it('reads every disk as it was at the snapshot, though the guest writes on', async () => {
      for (const vmId of harness.withTwoDisks) {
        await harness.guestWrites(vmId);
        await withSnapshot(vmId, 'frozen', async (snapshot) => {
          const frozen = await harness.frozenDisks(vmId, snapshot.snapshotId);
          expect(frozen.length).toBeGreaterThan(1);
          const seek = harness.seekable && vmId === firstVm();
          const choice = { transport: 'auto', seek } as const;
          const exported = await source.openExport(vmId, snapshot.snapshotId, choice, never);
          const copies: Map<number, string>[] = [];
          for (const disk of snapshot.disks) {
            await harness.guestWrites(vmId);
            const reader = await exported.openDisk(disk.id, never);
            expect(reader.capacityBytes).toBe(disk.capacityBytes);
            copies.push(await hashBlocks(reader));
            await reader.close();
          }
          await exported.complete();
          expect(copies).toEqual(frozen.map(({ blocks }) => new Map(blocks)));
          expect(await harness.frozenDisks(vmId, snapshot.snapshotId)).toEqual(frozen);
        });
      }
    });

    it('says what changed since a change id, never less, and what is allocated', async () => {
      for (const vmId of harness.withTwoDisks) {
        let base: { frozen: FrozenDisk[]; disks: SourceSnapshot['disks'] } | undefined;
        await withSnapshot(vmId, 'base', async ({ snapshotId, disks }) => {
          base = { frozen: await harness.frozenDisks(vmId, snapshotId), disks };
        });
        await harness.guestWrites(vmId);
        await withSnapshot(vmId, 'next', async ({ snapshotId, disks }) => {
          const frozen = await harness.frozenDisks(vmId, snapshotId);
          for (const [at, { id, capacityBytes, notTrackedBecause }] of disks.entries()) {
            expect(notTrackedBecause).toBeNull();
            const since = base?.disks.find((disk) => disk.id === id)?.changeId ?? 'none';
            const areas = await source.changedAreas(vmId, snapshotId, id, since, never);
            const then = base?.frozen[at]?.blocks ?? new Map();
            const now = frozen[at]?.blocks ?? new Map();
            const differ = [...new Set([...then.keys(), ...now.keys()])].filter((i) => then.get(i) !== now.get(i));
            expect(differ.length).toBeGreaterThan(1);
            expect([...indexesOf(areas)]).toEqual(expect.arrayContaining(differ));
            expect(coverage(areas)).toBeLessThan(capacityBytes);
            const allocated = await source.changedAreas(vmId, snapshotId, id, '*', never);
            expect([...indexesOf(allocated)]).toEqual(expect.arrayContaining([...now.keys()]));
          }
        });
      }
    });

    it('cannot say what changed since another lineage, or for a disk that it does not hold', async () => {
      await withSnapshot(firstVm(), 'strange', async ({ snapshotId, disks }) => {
        const [first, second] = disks;
        const ask = (disk: string, since: string) => source.changedAreas(firstVm(), snapshotId, disk, since, never);
        await expect(ask(first?.id ?? '', second?.changeId ?? '')).rejects.toBeInstanceOf(ChangesUnknown);
        await expect(ask(first?.id ?? '', 'nonsense')).rejects.toBeInstanceOf(ChangesUnknown);
        expect((await faultOf(ask('no such disk', '*'))).code).toBe('disk-unsupported');
      });
    });

    it('reads the extents that it is told, and where it can nothing else', async () => {
      for (const vmId of harness.withTwoDisks) {
        await withSnapshot(vmId, 'places', async (snapshot) => {
          const frozen = await harness.frozenDisks(vmId, snapshot.snapshotId);
          const exported = await source.openExport(vmId, snapshot.snapshotId, { transport: 'auto', seek: true }, never);
          expect(exported.transport !== 'nfc').toBe(harness.seekable);
          expect(exported.transportWhy).toMatch(/^[A-Z].*\.$/);
          for (const [at, { id, capacityBytes }] of snapshot.disks.entries()) {
            await harness.guestWrites(vmId);
            const last = Math.ceil(capacityBytes / DISK_BLOCK_BYTES) - 1;
            const extents = widenToBlocks(
              [
                { offset: 0, length: 2 * DISK_BLOCK_BYTES },
                { offset: capacityBytes - 512, length: 512 },
              ],
              capacityBytes,
            );
            const reader = await exported.openDisk(id, never, extents);
            expect(reader.capacityBytes).toBe(capacityBytes);
            const blocks = await readBlocks(reader);
            if (harness.seekable) expect([...blocks.keys()]).toEqual([0, 1, last]);
            for (const index of [0, 1, last]) {
              expect(blocks.get(index) ?? null).toBe(frozen[at]?.blocks.get(index) ?? null);
            }
          }
          await exported.complete();
          await source.releaseExport(exported.exportId, never);
        });
      }
    });

    it('opens its disks one at a time, in any order, again after a reader was closed, and no disk that it does not hold', async () => {
      await withSnapshot(firstVm(), 'any order', async (snapshot) => {
        const frozen = await harness.frozenDisks(firstVm(), snapshot.snapshotId);
        const exported = await source.openExport(firstVm(), snapshot.snapshotId, WHOLE, never);
        expect((await faultOf(exported.openDisk('no such disk', never))).code).toBe('disk-unsupported');
        const left = await exported.openDisk(snapshot.disks[0]?.id ?? '', never);
        await faultOf(exported.openDisk(snapshot.disks[1]?.id ?? '', never));
        await left.close();
        for (const index of [1, 0]) {
          const reader = await exported.openDisk(snapshot.disks[index]?.id ?? '', never);
          expect(await hashBlocks(reader)).toEqual(new Map(frozen[index]?.blocks));
        }
        await exported.complete();
      });
    });

    it('lets an export be ended more than once, and reads nothing after its end', async () => {
      await withSnapshot(firstVm(), 'ended', async (snapshot) => {
        const exported = await source.openExport(firstVm(), snapshot.snapshotId, WHOLE, never);
        await exported.abort('a test');
        await exported.abort('a test');
        await faultOf(exported.openDisk(snapshot.disks[0]?.id ?? '', never));
        const second = await source.openExport(firstVm(), snapshot.snapshotId, WHOLE, never);
        await second.complete();
        await second.abort('too late');
        expect((await harness.leftovers()).exports).toBe(0);
      });
    });

    it('stops in the middle of a disk with the reason of the signal, and abort leaves nothing open', async () => {
      await withSnapshot(firstVm(), 'stopped', async (snapshot) => {
        const exported = await source.openExport(firstVm(), snapshot.snapshotId, WHOLE, never);
        const stop = new AbortController();
        const reader = await exported.openDisk(snapshot.disks[0]?.id ?? '', stop.signal);
        const blocks = reader.blocks(stop.signal)[Symbol.asyncIterator]();
        await blocks.next();
        const reason = new Error('enough');
        stop.abort(reason);
        await expect(
          (async () => {
            while (!(await blocks.next()).done);
          })(),
        ).rejects.toBe(reason);
        await reader.close();
        await exported.abort('stopped');
        expect((await harness.leftovers()).exports).toBe(0);
      });
    });

    it('opens no export under an aborted signal, and leaves none behind when the signal comes meanwhile', async () => {
      await withSnapshot(firstVm(), 'aborted', async (snapshot) => {
        expect(
          (await faultOf(source.openExport(firstVm(), snapshot.snapshotId, WHOLE, AbortSignal.abort()))).code,
        ).toBe('cancelled');
        const stop = new AbortController();
        const opening = faultOf(source.openExport(firstVm(), snapshot.snapshotId, WHOLE, stop.signal));
        while ((await harness.leftovers()).exports === 0) await turn();
        stop.abort();
        expect((await opening).code).toBe('cancelled');
        expect((await harness.leftovers()).exports).toBe(0);
      });
    });

    it('frees what a dead process left: the export by its id, the snapshot by its name', async () => {
      const dead = another();
      const snapshot = await dead.takeSnapshot(firstVm(), details('left behind'), never);
      const left = await dead.openExport(firstVm(), snapshot.snapshotId, WHOLE, never);
      expect((await harness.leftovers()).exports).toBe(1);
      await source.releaseExport(left.exportId, never);
      await source.releaseExport(left.exportId, never);
      await source.releaseSnapshot(firstVm(), { id: null, name: 'left behind' }, never);
      await source.releaseSnapshot(firstVm(), { id: null, name: 'left behind' }, never);
      await source.releaseSnapshot('vm-999999', { id: null, name: 'left behind' }, never);
      await left.abort('dead');
    });

    it('removes a snapshot whose task was still running when its process died', async () => {
      const dead = another();
      const stop = new AbortController();
      const taking = faultOf(dead.takeSnapshot(firstVm(), details('half made'), stop.signal));
      await turn();
      stop.abort();
      await taking;
      await source.releaseSnapshot(firstVm(), { id: null, name: 'half made' }, never);
    });

    it('answers an aborted signal with a fault, in every method, and works on afterwards', async () => {
      const stopped = AbortSignal.abort();
      const calls = [
        source.identify(stopped),
        source.checkHealth(stopped),
        everyPage(source.inventory(stopped)),
        source.inspect(firstVm(), stopped),
        source.takeSnapshot(firstVm(), details('never'), stopped),
        source.releaseSnapshot(firstVm(), { id: null, name: 'never' }, stopped),
        source.releaseExport('never', stopped),
        source.changedAreas(firstVm(), 'never', 'never', '*', stopped),
        source.openExport(firstVm(), 'never', { transport: 'auto', seek: true }, stopped),
      ];
      for (const call of calls) expect((await faultOf(call)).code).toBe('cancelled');
      expect((await source.inspect(firstVm(), never)).vmId).toBe(firstVm());
    });
  });
}
