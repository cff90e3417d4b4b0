// Answers that are lost after their effect, operation by operation: what was made is found again, taken or ended, and the run
// comes to its end with one AMI and nothing left.
import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { artifacts, images } from '../db/schema/index.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { startRun } from '../server/services/jobs/start-run.ts';
import { expectNothingLeft, expectSameBytes } from './comparisons.ts';
import { endedRun, newJob, runOf, setTarget, until } from './runs.ts';
import { site, withInstallationWithoutJobs } from './site.ts';

// An export that nobody ends must not be over by itself before it is missed.
withInstallationWithoutJobs({ labArguments: ['--guest-writes', '0'] });

/** The answers of so many calls are lost after their first byte; what was asked is done. */
const lose = (operation: string, count: number) =>
  site.control('/faults', {
    side: operation.includes(':') ? 'aws' : 'vcenter',
    operation,
    count,
    // Not those of the connector's own health check.
    ...(operation === 's3:CreateMultipartUpload' && { match: { key: '*.vmdk' } }),
    effect: { kind: 'cut', afterBytes: 1 },
  });

/** As often as one call is tried before the step fails; then the step is tried again. */
const ALL = 5;

const FULL_BY_S3: [string, number][] = [
  ['CreateSnapshot_Task', 1],
  ['ExportSnapshot', 1],
  ['HttpNfcLeaseProgress', 2],
  ['HttpNfcLeaseComplete', 1],
  ['HttpNfcLeaseComplete', ALL],
  ['RemoveSnapshot_Task', 1],
  ['s3:CreateMultipartUpload', 1],
  ['s3:CreateMultipartUpload', ALL],
  ['s3:UploadPart', 1],
  ['s3:CompleteMultipartUpload', 1],
  ['s3:PutObject', 1],
  ['s3:DeleteObject', 1],
  ['ec2:ImportSnapshot', 1],
  ['ec2:ImportSnapshot', ALL],
  ['ec2:RegisterImage', 1],
  ['ec2:RegisterImage', ALL],
  ['ec2:CreateTags', 1],
];

describe('a run of whose calls the answer is lost', () => {
  let job: string;
  let last = '';

  beforeEach(async () => {
    await setTarget(site, { transfer: 's3' });
  });

  for (const [operation, count] of FULL_BY_S3) {
    it(`${operation}, ${count === 1 ? 'once' : `${count} times`}`, async () => {
      await lose(operation, count);
      job = await newJob(site, 'web-01');
      const run = await endedRun(site, job);
      await expectOneImage(run);
      // Nothing is copied again for want of an answer.
      expect(run.timeline['copy-disks']?.attempts).toBe(1);
      await deleteJob(site.ctx, { jobId: job });
      await expectNothingLeft(site);
    }, 120_000);
  }

  it('of the calls that write a child of the last snapshot, and prune', async () => {
    job = await newJob(site, 'web-01', { keepImages: 1 });
    last = (await endedRun(site, job)).id;
    for (const operation of [
      'ebs:StartSnapshot',
      'ebs:PutSnapshotBlock',
      'ebs:CompleteSnapshot',
      'ec2:DeregisterImage',
      'ec2:DeleteSnapshot',
    ]) {
      await lose(operation, 1);
    }
    await startRun(site.ctx, { jobId: job });
    await expectOneImage(await endedRun(site, job, last));
    await deleteJob(site.ctx, { jobId: job });
    await expectNothingLeft(site);
  }, 120_000);
});

async function expectOneImage(run: Awaited<ReturnType<typeof endedRun>>): Promise<void> {
  expect({ state: run.state, fault: run.fault }).toEqual({ state: 'completed', fault: null });
  await expectSameBytes(site, run);
  const recorded = await site.db.select().from(images).where(eq(images.runId, run.id));
  expect(recorded.map(({ id }) => id)).toEqual([run.imageId]);
  const there = await site.control<{ id: string; tags: Record<string, string> }[]>('/aws/images');
  expect(there.filter(({ tags }) => tags['landfall:run'] === run.id).map(({ id }) => id)).toEqual([run.imageId]);
}

describe('a worker that dies while AWS is asked to complete a snapshot', () => {
  it('leaves it to the next one, which asks again', async () => {
    await setTarget(site, { transfer: 's3' });
    const job = await newJob(site, 'web-01');
    const first = await endedRun(site, job);
    expect(first.state).toBe('completed');
    await site.control('/vcenter/write', {
      vm: first.settings.vmId,
      disk: 0,
      offset: 5_000_000,
      length: 700_000,
      seed: 'delta',
    });
    await site.control('/faults', { side: 'aws', operation: 'ebs:CompleteSnapshot', effect: { kind: 'hang' } });
    await startRun(site.ctx, { jobId: job });
    const sealing = await until(
      'a snapshot is being sealed',
      async () => {
        const run = await runOf(site, job, first.id);
        const rows = await site.db
          .select()
          .from(artifacts)
          .where(eq(artifacts.runId, run?.id ?? ''));
        return rows.find((row) => row.details.sealing);
      },
      90,
    );
    await site.worker.end('SIGKILL');
    await site.clearFaults();
    site.worker.start();
    const run = await endedRun(site, job, first.id);
    expect({ state: run.state, fault: run.fault }).toEqual({ state: 'completed', fault: null });
    expect(run.results['make-snapshots']?.disks.map(({ snapshotId }) => snapshotId)).toContain(sealing.externalId);
    await expectSameBytes(site, run);
    await deleteJob(site.ctx, { jobId: job });
    await expectNothingLeft(site);
  }, 120_000);
});
