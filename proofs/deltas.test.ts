// Run after run of one job: only what changed is sent, every replica is the source of its moment, and every doubt is a copy
// that says why. Over the wire, against the lab's own hashes.
import { and, eq, isNull } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { baselines, images, type RunRow, servers } from '../db/schema/index.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { startRun } from '../server/services/jobs/start-run.ts';
import { expectNothingLeft, expectSameBytes } from './comparisons.ts';
import { endedRun, newJob, setTarget } from './runs.ts';
import { site, withInstallationWithoutJobs } from './site.ts';

const BLOCK = 524_288;

withInstallationWithoutJobs({ labArguments: ['--guest-writes', '0'] });

afterEach(() => site.control('/aws/snapshotSettings', { refuseParents: false }));

let writes = 0;
/** Other noise at every call: the same bytes again would be no change. */
const write = (run: RunRow, offset: number, length: number, disk = 0) =>
  site.control('/vcenter/write', { vm: run.settings.vmId, disk, offset, length, seed: `write ${writes++}` });

async function nextRun(job: string, before: RunRow): Promise<RunRow> {
  await startRun(site.ctx, { jobId: job });
  const run = await endedRun(site, job, before.id);
  expect({ state: run.state, fault: run.fault }).toEqual({ state: 'completed', fault: null });
  await expectSameBytes(site, run);
  return run;
}

const disksOf = (run: RunRow) => run.results['copy-disks']?.disks ?? [];
const first = (run: RunRow) => {
  const [disk] = disksOf(run);
  if (!disk) throw new Error('no disk');
  return disk;
};

describe('the runs of a job', () => {
  for (const transfer of ['s3', 'ebs-direct'] as const) {
    for (const transport of ['auto', 'nfc'] as const) {
      it(`send what changed, zeros too, by ${transfer} and ${transport}`, async () => {
        await setTarget(site, { transfer, transport });
        const job = await newJob(site, 'web-01');
        const [server] = await site.db.select().from(servers).where(eq(servers.name, 'web-01'));
        await site.control('/vcenter/write', { vm: server?.vmId, disk: 0, offset: 60 * BLOCK, length: 100, text: 'a' });
        const whole = await endedRun(site, job);
        expect(whole).toMatchObject({ state: 'completed', fault: null });
        await expectSameBytes(site, whole);
        expect(first(whole)).toMatchObject({ mode: 'full', parentSnapshotId: null });

        // Two blocks of noise, one block that holds zeros from now on, and a write that changes nothing in effect.
        await write(whole, 40 * BLOCK + 100, BLOCK);
        await site.control('/vcenter/zero', { vm: whole.settings.vmId, disk: 0, offset: 60 * BLOCK, length: BLOCK });
        const delta = await nextRun(job, whole);
        expect(first(delta)).toMatchObject({ mode: 'delta', reason: null, blocks: 3 });
        expect(first(delta).parentSnapshotId).toBe(whole.results['make-snapshots']?.disks[0]?.snapshotId);
        // A block of zeros is an entry in a pack, and a whole block to EBS direct.
        expect(first(delta).bytesSent).toBeLessThan(transfer === 's3' ? 1.05 * 2 * BLOCK + 4096 : 3 * BLOCK + 1);
        expect(delta.results['copy-disks']?.transport).toBe(transport === 'auto' ? 'folder' : 'nfc');
        if (transport === 'auto') expect(first(delta).bytesRead).toBeLessThanOrEqual(4 * BLOCK);

        const nothing = await nextRun(job, delta);
        expect(first(nothing)).toMatchObject({ mode: 'delta', blocks: 0 });

        await deleteJob(site.ctx, { jobId: job });
        await expectNothingLeft(site);
      }, 120_000);
    }
  }

  it('change their path without a full copy, and measure every disk from its own baseline', async () => {
    await setTarget(site, { transfer: 's3' });
    const job = await newJob(site, 'db-01');
    let run = await endedRun(site, job);
    for (const [turn, transfer] of (['ebs-direct', 's3', 'ebs-direct'] as const).entries()) {
      await setTarget(site, { transfer });
      await write(run, (turn + 3) * 7 * BLOCK, 2 * BLOCK, turn % 2);
      run = await nextRun(job, run);
      expect(disksOf(run).map(({ mode, blocks }) => ({ mode, blocks }))).toEqual(
        turn % 2 === 0
          ? [
              { mode: 'delta', blocks: 2 },
              { mode: 'delta', blocks: 0 },
            ]
          : [
              { mode: 'delta', blocks: 0 },
              { mode: 'delta', blocks: 2 },
            ],
      );
    }
    await deleteJob(site.ctx, { jobId: job });
    await expectNothingLeft(site);
  }, 120_000);

  it('read everything and send what differs when the source lost track, and say so', async () => {
    await setTarget(site, {});
    const job = await newJob(site, 'web-01');
    const whole = await endedRun(site, job);
    await write(whole, 64 * BLOCK, 100);
    await site.control('/vcenter/reset-tracking', { vm: whole.settings.vmId });
    const compared = await nextRun(job, whole);
    expect(first(compared)).toMatchObject({ mode: 'compared', blocks: 1 });
    expect(first(compared).reason).toMatch(/\w+.*\.$/);

    await site.control('/vcenter/grow', { vm: whole.settings.vmId, disk: 0, capacityBytes: 1_073_741_824 + 3 * BLOCK });
    await write(whole, 1_073_741_824 + BLOCK, 100);
    const grown = await nextRun(job, compared);
    expect(first(grown)).toMatchObject({
      mode: 'compared',
      blocks: 1,
      reason: 'The disk has grown since the last run.',
    });
    const after = await nextRun(job, grown);
    expect(first(after)).toMatchObject({ mode: 'delta', blocks: 0 });
    await deleteJob(site.ctx, { jobId: job });
    await expectNothingLeft(site);
  }, 120_000);

  it('copy whole when AWS takes no child, or the digests are gone, and say so', async () => {
    for (const transfer of ['s3', 'ebs-direct'] as const) {
      await setTarget(site, { transfer });
      const job = await newJob(site, 'web-01');
      const whole = await endedRun(site, job);
      await site.control('/aws/snapshotSettings', { refuseParents: true });
      await write(whole, 5 * BLOCK, 100);
      const refused = await nextRun(job, whole);
      expect(first(refused)).toMatchObject({ mode: 'full', parentSnapshotId: null });
      expect(first(refused).reason).toContain(whole.results['make-snapshots']?.disks[0]?.snapshotId);
      await site.control('/aws/snapshotSettings', { refuseParents: false });

      const objects = await site.control<{ key: string }[]>('/aws/objects', { bucket: site.lab.aws.bucket });
      const chunk = objects.find(({ key }) => /landfall-digests\/.*\/\d+$/.test(key));
      await site.control('/aws/deleteObject', { bucket: site.lab.aws.bucket, key: chunk?.key });
      await write(whole, 0, 100);
      const doubtful = await nextRun(job, refused);
      expect(first(doubtful).mode).toBe('full');
      expect(first(doubtful).reason).toMatch(/digests/);
      await deleteJob(site.ctx, { jobId: job });
      await expectNothingLeft(site);
    }
  }, 180_000);

  it('begin a new chain when the encryption that is wanted changes, and go on in it', async () => {
    for (const transfer of ['s3', 'ebs-direct'] as const) {
      await setTarget(site, { transfer });
      const job = await newJob(site, 'web-01');
      const plain = await endedRun(site, job);
      await setTarget(site, { transfer, encrypted: true });
      const encrypted = await nextRun(job, plain);
      expect(first(encrypted)).toMatchObject({ mode: 'full', parentSnapshotId: null });
      expect(first(encrypted).reason).toMatch(/encrypted/);
      await write(plain, 11 * BLOCK, 100);
      const delta = await nextRun(job, encrypted);
      expect(first(delta)).toMatchObject({ mode: 'delta', blocks: 1 });
      const there = await site.control<{ id: string; encrypted?: boolean }[]>('/aws/snapshots');
      const of = (run: RunRow) => run.results['make-snapshots']?.disks[0]?.snapshotId;
      expect(
        [plain, encrypted, delta].map((run) => there.find(({ id }) => id === of(run))?.encrypted ?? false),
      ).toEqual([false, true, true]);
      await deleteJob(site.ctx, { jobId: job });
      await expectNothingLeft(site);
    }
  }, 180_000);

  it('keep the old baseline when a run fails or is cancelled after its copy', async () => {
    await setTarget(site, {});
    const job = await newJob(site, 'web-01');
    const whole = await endedRun(site, job);
    const [before] = await site.db.select().from(baselines).where(eq(baselines.jobId, job));
    await write(whole, 9 * BLOCK, 100);
    await site.control('/faults', {
      side: 'aws',
      operation: 'ebs:PutSnapshotBlock',
      effect: { kind: 'fail', status: 400, code: 'ValidationException' },
    });
    await startRun(site.ctx, { jobId: job });
    const failed = await endedRun(site, job, whole.id);
    expect(failed.state).toBe('failed');
    await site.clearFaults();
    const [kept] = await site.db.select().from(baselines).where(eq(baselines.jobId, job));
    expect(kept).toEqual(before);
    const again = await nextRun(job, failed);
    expect(first(again)).toMatchObject({ mode: 'delta', blocks: 1 });
    await deleteJob(site.ctx, { jobId: job });
    await expectNothingLeft(site);
  }, 120_000);

  it('fail when what is read back is not what was sent, revoke the baseline, and copy whole the next time', async () => {
    await setTarget(site, { verification: 'full' });
    const job = await newJob(site, 'web-01');
    const whole = await endedRun(site, job);
    expect(whole.results.verify?.disks[0]).toMatchObject({ full: true });
    const [image] = await site.db.select().from(images).where(eq(images.runId, whole.id));
    expect(image?.verified).toMatchObject({ full: true });
    await write(whole, 3 * BLOCK, 100);
    // A block that the delta does not touch goes wrong at AWS, so the child shows it too.
    const snapshotId = whole.results['make-snapshots']?.disks[0]?.snapshotId;
    const { blocks } = await site.control<{ blocks: string[] }>('/aws/snapshotHash', { snapshotId });
    const zeros = blocks.at(-1);
    const index = blocks.findIndex((hash, at) => at > 8 && hash !== zeros);
    await site.control('/aws/damageBlock', { snapshotId, index });
    await startRun(site.ctx, { jobId: job });
    const failed = await endedRun(site, job, whole.id);
    expect(failed.fault).toMatchObject({ code: 'verification-failed' });
    expect(failed.fault?.cause).toContain(String(index));
    expect(
      await site.db
        .select()
        .from(baselines)
        .where(and(eq(baselines.jobId, job), isNull(baselines.revokedAt))),
    ).toEqual([]);
    const again = await nextRun(job, failed);
    expect(first(again)).toMatchObject({ mode: 'full' });
    expect(first(again).reason).toMatch(/read back/);
    await deleteJob(site.ctx, { jobId: job });
    await expectNothingLeft(site);
  }, 120_000);

  it('fail when digests that the copy had no need of are gone, and copy whole the next time', async () => {
    await setTarget(site, { verification: 'full' });
    const job = await newJob(site, 'web-01');
    const whole = await endedRun(site, job);
    const { bucket } = site.lab.aws;
    const objects = await site.control<{ key: string }[]>('/aws/objects', {
      bucket,
      prefix: `landfall-digests/${job}/`,
    });
    const chunk = objects.find(({ key }) => /\/\d+$/.test(key));
    await site.control('/aws/deleteObject', { bucket, key: chunk?.key });
    await startRun(site.ctx, { jobId: job });
    const failed = await endedRun(site, job, whole.id);
    expect(failed.fault).toMatchObject({ code: 'digests-lost' });
    const again = await nextRun(job, failed);
    expect(first(again)).toMatchObject({ mode: 'full' });
    expect(first(again).reason).toMatch(/digests of the last copy are gone/i);
    await deleteJob(site.ctx, { jobId: job });
    await expectNothingLeft(site);
  }, 120_000);
});
