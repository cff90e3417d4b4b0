// From the catalog to the AMI over the wire, with every byte compared with the lab's own hashes of the frozen disks.
import { and, eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { images } from '../db/schema/index.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { startRun } from '../server/services/jobs/start-run.ts';
import { cancelRun } from '../server/services/runs/cancel.ts';
import { expectNothingLeft, expectSameBytes } from './comparisons.ts';
import { copyUnderWay, endedRun, newJob, runOf, until } from './runs.ts';
import { site, withInstallation } from './site.ts';

withInstallation();

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
      expect(await expectSameBytes(site, ended)).toBeGreaterThan(1000);
      const [image] = await site.db.select().from(images).where(eq(images.runId, ended.id));
      expect(image?.id).toBe(ended.imageId);
    }
    await expectNothingLeft(site);
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
      await expectSameBytes(site, run);
      const all = await site.control<{ id: string; usageOperation?: string }[]>('/aws/images');
      expect(all.find((image) => image.id === run.imageId)?.usageOperation).toBe(usage);
      await deleteJob(site.ctx, { jobId: job });
    }
    await expectNothingLeft(site);
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
    await expectNothingLeft(site);
  }, 120_000);

  it('cancels a run in mid-copy and leaves nothing behind', async () => {
    await site.control('/faults', {
      side: 'vcenter',
      operation: 'nfc:GET',
      effect: { kind: 'rate', bytesPerSecond: 200_000 },
    });
    const job = await newJob(site, 'mail-01');
    const run = await copyUnderWay(site, job);
    await cancelRun(site.ctx, { runId: run.id });
    const ended = await endedRun(site, job);
    await site.clearFaults();
    expect(ended.state).toBe('cancelled');
    await expectNothingLeft(site);
  }, 60_000);
});
