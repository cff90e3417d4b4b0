// The console's database is put back to a copy of mid-run, after the run came to its end: what it made is a result, and stays.
import { and, eq, ne } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { artifacts, images } from '../db/schema/index.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { needsAttention } from '../server/services/overview/attention.ts';
import { cancelRun } from '../server/services/runs/cancel.ts';
import { expectSameBytes } from './comparisons.ts';
import { copyDatabase, type DatabaseCopy, restoreDatabase } from './database-copy.ts';
import { endedRun, newJob, runOf, setTarget, until } from './runs.ts';
import { site, withInstallationWithoutJobs } from './site.ts';

withInstallationWithoutJobs({ labArguments: ['--guest-writes', '0'] });

beforeEach(async () => {
  await setTarget(site, { transfer: 's3' });
});

/** Runs a job to its end, with a copy of the database taken as soon as a step is under way. */
async function runWithCopy(server: string, step: string) {
  const job = await newJob(site, server);
  const copy = await until(
    `${step} is under way`,
    async () => {
      const run = await runOf(site, job);
      return run?.state === 'active' && run.step === step && run.timeline[run.step] ? copyDatabase(site.db) : null;
    },
    90,
  );
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'completed', fault: null });
  return { job, copy, run };
}

async function putBack(copy: DatabaseCopy): Promise<void> {
  await Promise.all([site.worker.end('SIGKILL'), site.connector.end('SIGKILL')]);
  await restoreDatabase(site.db, copy);
  site.worker.start();
  site.connector.start();
}

const imagesAtAws = async () => (await site.control<{ id: string }[]>('/aws/images')).map(({ id }) => id);
const snapshotsAtAws = async () => (await site.control<{ id: string }[]>('/aws/snapshots')).map(({ id }) => id);

/** Every open row of a run has been tried by the reaper, and says why it stays. */
const settled = (runId: string) =>
  until(
    'everything of the run is released or says why not',
    async () => {
      const open = await site.db
        .select()
        .from(artifacts)
        .where(and(eq(artifacts.runId, runId), ne(artifacts.state, 'released')));
      return open.every((row) => row.releaseFault?.code === 'result-kept') && { open };
    },
    60,
  );

describe('a console that was restored to a copy of mid-run', () => {
  it('takes what the run has made, where it is the same', async () => {
    const { job, copy, run } = await runWithCopy('dc-01', 'take-snapshot');
    await putBack(copy);
    const again = await endedRun(site, job);
    expect(again).toMatchObject({ id: run.id, state: 'completed', fault: null, imageId: run.imageId });
    expect(await imagesAtAws()).toEqual([run.imageId]);
    await expectSameBytes(site, again);
    const [image] = await site.db.select().from(images).where(eq(images.runId, run.id));
    expect(image?.id).toBe(run.imageId);
  }, 240_000);

  it('leaves the AMI of VM Import alone, and fails in words, where it would make another', async () => {
    await setTarget(site, { transfer: 'ebs-direct' });
    const { job, copy, run } = await runWithCopy('dc-01', 'take-snapshot');
    // The guest went on: what is copied now is not what the AMI holds.
    await site.control('/vcenter/write', {
      vm: run.settings.vmId,
      disk: 0,
      offset: 3_000_000,
      length: 600_000,
      seed: 'after',
    });
    const before = await snapshotsAtAws();
    await putBack(copy);
    const again = await endedRun(site, job);
    expect(again).toMatchObject({ id: run.id, state: 'failed' });
    expect(again.fault).toMatchObject({ code: 'made-before', retry: 'later' });
    // With its job go the baselines, which would keep the new snapshots.
    await deleteJob(site.ctx, { jobId: job });
    await settled(run.id);
    expect(await imagesAtAws()).toContain(run.imageId);
    // Its own snapshots and the replicas too, and nothing beside them.
    expect((await snapshotsAtAws()).sort()).toEqual(before.sort());
  }, 240_000);

  it('keeps an AMI that its ledger takes for unfinished, and shows it to a person', async () => {
    for (const [server, operation] of [
      ['dc-01', 'ec2:ImportImage'],
      ['web-01', 'ec2:RegisterImage'],
    ] as const) {
      // So that the copy is taken when the ledger has the row, and AWS has not yet answered.
      await site.control('/faults', { side: 'aws', operation, count: 1, effect: { kind: 'delay', ms: 1500 } });
      const { job, copy, run } = await runWithCopy(server, 'create-image');
      await site.worker.end('SIGKILL');
      await site.connector.end('SIGKILL');
      await restoreDatabase(site.db, copy);
      await cancelRun(site.ctx, { runId: run.id });
      site.worker.start();
      site.connector.start();
      expect(await endedRun(site, job)).toMatchObject({ id: run.id, state: 'cancelled' });
      await deleteJob(site.ctx, { jobId: job });
      const { open } = await settled(run.id);
      expect(open.length).toBeGreaterThan(0);
      expect(await imagesAtAws()).toContain(run.imageId);
      expect(await snapshotsAtAws()).toEqual(
        expect.arrayContaining(run.results['make-snapshots']?.disks.map(({ snapshotId }) => snapshotId) ?? []),
      );
      const shown = await needsAttention(site.ctx);
      expect(shown).toContainEqual(
        expect.objectContaining({ kind: 'left-over', fault: expect.objectContaining({ code: 'result-kept' }) }),
      );
    }
  }, 240_000);
});
