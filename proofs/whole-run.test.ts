// From the catalog to the AMI over the wire, with every byte compared with the lab's own hashes of the frozen disks.
import { and, eq, ne } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artifacts, images, type replicationRuns } from '../db/schema/index.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { startRun } from '../server/services/jobs/start-run.ts';
import { cancelRun } from '../server/services/runs/cancel.ts';
import {
  endedRun,
  type Installation,
  importedCatalog,
  newJob,
  runOf,
  startInstallation,
  until,
} from './installation.ts';

type Run = typeof replicationRuns.$inferSelect;

interface LabHash<Block> {
  blockCount: number;
  digest: string;
  zeroBlock?: string;
  blocks: Block[];
}

let site: Installation;

beforeAll(async () => {
  site = await startInstallation();
  await importedCatalog(site);
}, 90_000);

afterAll(async () => {
  await site?.close();
}, 30_000);

/** Every block of every replica snapshot against the lab's hash of the disk as it was frozen. */
async function expectSameBytes(run: Run): Promise<number> {
  const taken = run.results['take-snapshot'];
  const made = run.results['make-snapshots'];
  if (!taken || !made) throw new Error(`${run.id} has no snapshots`);
  let compared = 0;
  for (const disk of taken.disks) {
    const replica = made.disks.find((one) => one.id === disk.id);
    const source = await site.control<LabHash<[number, string]>>('/vcenter/hash', {
      vm: run.settings.vmId,
      disk: disk.order,
      snapshot: taken.snapshotId,
    });
    const copy = await site.control<LabHash<string>>('/aws/snapshotHash', {
      snapshotId: replica?.snapshotId,
      length: disk.capacityBytes,
    });
    const expected = new Map(source.blocks);
    const zeros = source.zeroBlock;
    const differing = copy.blocks.flatMap((hash, index) => (hash === (expected.get(index) ?? zeros) ? [] : [index]));
    expect({ disk: disk.label, differing }).toEqual({ disk: disk.label, differing: [] });
    // The lab's two halves hash by themselves; only equal disks have one digest.
    expect(copy.digest).toBe(source.digest);
    expect(copy.blockCount).toBe(Math.ceil(disk.capacityBytes / 524_288));
    compared += copy.blockCount;
  }
  return compared;
}

/** Nothing of ours is left on either side but what a completed run keeps. */
async function expectNothingLeft(): Promise<void> {
  const state = await until('everything temporary is released', async () => {
    const open = await site.db
      .select({ kind: artifacts.kind, state: artifacts.state, externalId: artifacts.externalId })
      .from(artifacts)
      .where(ne(artifacts.state, 'released'));
    return open.every((row) => ['image', 'ebs-snapshot'].includes(row.kind)) && open;
  });
  const { vcenter } = await site.labState();
  expect(vcenter.snapshots.filter((snapshot) => snapshot.name.startsWith('landfall'))).toEqual([]);
  expect(vcenter.leases).toEqual([]);
  const objects = await site.control<{ key: string }[]>('/aws/objects', {
    bucket: site.lab.aws.bucket,
  });
  expect(objects).toEqual([]);
  const uploads = await site.control<unknown[]>('/aws/uploads', { bucket: site.lab.aws.bucket });
  expect(uploads).toEqual([]);
  const kept = new Set(state.map((row) => row.externalId));
  const there = await site.control<{ id: string }[]>('/aws/snapshots');
  expect(there.filter((snapshot) => !kept.has(snapshot.id))).toEqual([]);
}

describe('a whole run', () => {
  it('copies every disk as it was frozen, though the guest goes on writing', async () => {
    for (const name of ['db-01', 'app-01']) {
      const job = await newJob(site, name);
      const run = await until('the snapshot is taken', async () => {
        const at = await runOf(site, job);
        return at?.results['take-snapshot'] ? at : null;
      });
      for (let block = 0; block < 8; block += 1) {
        await site.control('/vcenter/write', {
          vm: run.settings.vmId,
          disk: 0,
          offset: block * 3_000_000,
          pattern: `after ${block} `,
          length: 700_000,
        });
      }
      const ended = await endedRun(site, job);
      expect(ended).toMatchObject({ state: 'completed', fault: null, percent: 100 });
      expect(await expectSameBytes(ended)).toBeGreaterThan(1000);
      const [image] = await site.db.select().from(images).where(eq(images.runId, ended.id));
      expect(image?.id).toBe(ended.imageId);
    }
    await expectNothingLeft();
  }, 120_000);

  it('makes a Windows AMI by VM Import, with the licence that was chosen', async () => {
    for (const [license, usage] of [
      ['aws', 'RunInstances:0002'],
      ['byol', 'RunInstances:0800'],
    ] as const) {
      const job = await newJob(site, 'dc-01', { license });
      const run = await endedRun(site, job);
      expect(run).toMatchObject({ state: 'completed', fault: null });
      expect(run.results['create-image']?.method).toBe('import-image');
      await expectSameBytes(run);
      const all = await site.control<{ id: string; usageOperation?: string }[]>('/aws/images');
      expect(all.find((image) => image.id === run.imageId)?.usageOperation).toBe(usage);
      await deleteJob(site.ctx, { jobId: job });
    }
    await expectNothingLeft();
  }, 120_000);

  it('prunes the oldest AMI and its snapshots beyond the number to keep', async () => {
    const job = await newJob(site, 'web-01', { keepImages: 1 });
    const first = await endedRun(site, job);
    await startRun(site.ctx, { jobId: job });
    const second = await endedRun(site, job, first.id);
    expect(second.state).toBe('completed');
    const kept = await site.db
      .select({ id: images.id })
      .from(images)
      .where(and(eq(images.jobId, job), eq(images.runId, second.id)));
    expect(kept).toEqual([{ id: second.imageId }]);
    const there = (await site.control<{ id: string }[]>('/aws/images')).map((image) => image.id);
    expect(there).toContain(second.imageId);
    expect(there).not.toContain(first.imageId);
    await expectNothingLeft();
  }, 120_000);

  it('cancels a run in mid-copy and leaves nothing behind', async () => {
    await site.control('/faults', {
      side: 'vcenter',
      operation: 'nfc:GET',
      effect: { kind: 'rate', bytesPerSecond: 200_000 },
    });
    const job = await newJob(site, 'mail-01');
    const run = await until('the copy is under way', async () => {
      const at = await runOf(site, job);
      return at?.step === 'copy-disks' && (at.progress?.disks[0]?.bytesRead ?? 0) > 0 ? at : null;
    });
    await cancelRun(site.ctx, { runId: run.id });
    const ended = await endedRun(site, job);
    await fetch(`${site.lab.control.url}/faults`, { method: 'DELETE' });
    expect(ended.state).toBe('cancelled');
    await expectNothingLeft();
  }, 60_000);
});
