// Time, limits and failures: what is due, what waits and for what, and what happens when nothing goes right.
import { eq } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { connectors, images, replicationJobs, replicationRuns, servers } from '../db/schema/index.ts';
import { NO_LIMIT } from '../replication/model/bandwidth.ts';
import { isEnded } from '../replication/model/run.ts';
import { editConnector } from '../server/services/connectors/edit.ts';
import { pinImage } from '../server/services/images/pin.ts';
import { createJobs } from '../server/services/jobs/create.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { editJob } from '../server/services/jobs/edit.ts';
import { pauseJob, resumeJob } from '../server/services/jobs/pause.ts';
import { startRun } from '../server/services/jobs/start-run.ts';
import { updateRunLimits } from '../server/services/limits/limits.ts';
import { expectNothingLeft } from './comparisons.ts';
import { endedRun, newJob, runOf, until } from './runs.ts';
import { site, withClock, withInstallationWithoutJobs } from './site.ts';

let ahead = 0;

const clock = withClock();
withInstallationWithoutJobs({ labArguments: ['--guest-writes', '0'] });

afterEach(async () => {
  await updateRunLimits(site.ctx, { total: 40, perTarget: 20 });
  await limitConnector({});
});

/** Our clock goes on by so many hours, for every program. */
function later(hours: number): void {
  ahead += hours * 3_600_000;
  clock(ahead);
}

async function limitConnector(limits: { maxRuns?: number; limit?: number | null }): Promise<void> {
  const [row] = await site.db.select().from(connectors);
  if (!row) throw new Error('no connector');
  await editConnector(site.ctx, {
    connectorId: row.id,
    maxRuns: limits.maxRuns ?? 4,
    bandwidth: limits.limit ? { ...NO_LIMIT, limit: limits.limit } : null,
  });
}

async function everyHour(name: string, settings: { keepImages?: number; pauseAfterFailures?: number } = {}) {
  const [server] = await site.db.select().from(servers).where(eq(servers.name, name));
  const { jobIds } = await createJobs(site.ctx, {
    servers: [{ serverId: server?.id ?? '' }],
    settings: { everyHours: 1, seedAt: null, description: '', keepImages: settings.keepImages ?? null, ...settings },
  });
  return jobIds[0] as string;
}

const jobOf = async (id: string) => {
  const [job] = await site.db.select().from(replicationJobs).where(eq(replicationJobs.id, id));
  if (!job) throw new Error(`no job ${id}`);
  return job;
};
const runsOf = (id: string) =>
  site.db.select().from(replicationRuns).where(eq(replicationRuns.jobId, id)).orderBy(replicationRuns.createdAt);
/** The n-th run of a job, once it has ended. */
const ended = (job: string, n: number) =>
  until(`run ${n} ends`, async () => {
    const run = (await runsOf(job))[n - 1];
    return run && isEnded(run.state) ? run : null;
  });
const standing = async (job: string) =>
  (await site.db.select().from(images).where(eq(images.jobId, job)).orderBy(images.createdAt)).filter(
    (image) => !image.deregisteredAt,
  );

describe('a job that runs every hour', () => {
  it('keeps its newest AMIs, and one that is pinned', async () => {
    const job = await everyHour('web-01', { keepImages: 2 });
    let run = await endedRun(site, job);
    await pinImage(site.ctx, { imageId: run.imageId as string, pinned: true });
    const pinned = run.imageId;
    for (let hour = 0; hour < 3; hour += 1) {
      later(1);
      const due = await ended(job, hour + 2);
      expect(due).toMatchObject({ state: 'completed', type: 'automatic' });
      expect(due.scheduledFor.getTime() - run.scheduledFor.getTime()).toBe(3_600_000);
      run = due;
    }
    const kept = (await standing(job)).map((image) => image.id);
    expect(kept).toHaveLength(3);
    expect(kept).toContain(pinned);
    expect(kept.at(-1)).toBe(run.imageId);
  }, 120_000);

  it('says which runs it missed, and does not make up for them', async () => {
    await site.control('/faults', {
      side: 'vcenter',
      operation: 'ExportSnapshot',
      effect: { kind: 'delay', ms: 60_000 },
    });
    const job = await everyHour('web-01');
    await until('the run is under way', async () => (await runOf(site, job))?.state === 'active');
    later(1);
    await until('the next is missed', async () => (await runsOf(job)).some((run) => run.state === 'missed'));
    await site.clearFaults();
  }, 60_000);

  it('pauses after failures in a row, says what to do, and resumes with every setting kept', async () => {
    await site.control('/faults', {
      side: 'vcenter',
      operation: 'CreateSnapshot_Task',
      effect: { kind: 'fail', code: 'FileFault' },
    });
    const job = await everyHour('web-01', { keepImages: 7, pauseAfterFailures: 2 });
    const first = await endedRun(site, job);
    expect(first.state).toBe('failed');
    expect(await jobOf(job)).toMatchObject({ state: 'failing', failuresInRow: 1 });
    later(1);
    await ended(job, 2);
    const paused = await until('the job pauses', async () => {
      const row = await jobOf(job);
      return row.state === 'paused-on-failure' && row;
    });
    expect(paused.statusMessage).toMatch(/^Paused after 2 failed runs in a row\. .* resume the job\.$/);
    expect(paused.nextRunAt).toBeNull();

    await site.clearFaults();
    await resumeJob(site.ctx, { jobId: job });
    const resumed = await jobOf(job);
    expect(resumed).toMatchObject({ keepImages: 7, everyHours: 1, pauseAfterFailures: 2, failuresInRow: 0 });
    const now = Date.now() + ahead;
    expect(resumed.nextRunAt?.getTime()).toBeGreaterThan(now);
    expect(resumed.nextRunAt?.getTime()).toBeLessThanOrEqual(now + 3_600_000);
    later(1);
    await until('it runs again', async () => (await runsOf(job)).some((run) => run.state === 'completed'), 60);
    expect(await jobOf(job)).toMatchObject({ state: 'active', failuresInRow: 0, statusMessage: null });
  }, 120_000);

  it('rests while it is paused, runs when asked all the same, and takes edited settings for the next run only', async () => {
    const job = await everyHour('web-01');
    await ended(job, 1);
    await pauseJob(site.ctx, { jobId: job });
    later(3);
    await startRun(site.ctx, { jobId: job });
    const asked = await ended(job, 2);
    expect(asked).toMatchObject({ type: 'on-demand', state: 'completed' });
    expect((await jobOf(job)).state).toBe('paused');
    expect(await runsOf(job)).toHaveLength(2);
    await editJob(site.ctx, {
      jobId: job,
      settings: {
        everyHours: 12,
        description: 'edited',
        keepImages: 5,
        pauseAfterFailures: null,
        license: 'byol',
        imageMethod: 'auto',
      },
    });
    await resumeJob(site.ctx, { jobId: job });
    const edited = await jobOf(job);
    expect(edited).toMatchObject({ everyHours: 12, keepImages: 5, license: 'byol', pauseAfterFailures: null });
    expect(edited.nextRunAt?.getTime()).toBeGreaterThan(Date.now() + ahead + 3_600_000);
    expect((await runsOf(job))[0]?.settings.license).toBe('auto');
  }, 90_000);
});

describe('limits', () => {
  it('let runs wait in turn, each saying for what, and start the next as soon as there is room', async () => {
    await limitConnector({ maxRuns: 1 });
    await site.control('/faults', {
      side: 'vcenter',
      operation: 'nfc:GET',
      effect: { kind: 'rate', bytesPerSecond: 2_000_000 },
    });
    const jobs: string[] = [];
    for (const name of ['web-01', 'web-02', 'mail-01']) jobs.push(await newJob(site, name));
    await until('two wait', async () => {
      const runs = await Promise.all(jobs.map((job) => runOf(site, job)));
      return runs.filter((run) => run?.waitingFor?.startsWith('Queued: the connector')).length === 2;
    });
    await site.clearFaults();
    const seen: number[] = [];
    await until(
      'all are done',
      async () => {
        const runs = await Promise.all(jobs.map((job) => runOf(site, job)));
        seen.push(runs.filter((run) => run?.state === 'active').length);
        return runs.every((run) => run?.state === 'completed');
      },
      90,
    );
    expect(Math.max(...seen)).toBe(1);

    await limitConnector({});
    await updateRunLimits(site.ctx, { total: 1, perTarget: 1 });
    await startRun(site.ctx, { jobId: jobs[0] as string });
    await startRun(site.ctx, { jobId: jobs[1] as string });
    await until('one waits for the target', async () => {
      const runs = await Promise.all(jobs.map((job) => runOf(site, job)));
      return runs.some((run) => run?.waitingFor?.startsWith('Queued: the AWS target'));
    });
    for (const job of jobs) await until('done', async () => (await runOf(site, job))?.state === 'completed', 60);
  }, 180_000);

  it('hold a connector to its bandwidth, also a copy that is under way', async () => {
    await limitConnector({ limit: 1 });
    const [server] = await site.db.select().from(servers).where(eq(servers.name, 'legacy-01'));
    // Noise that no compression makes smaller: at 1 MiB a second it would take longer than a test may.
    await site.control('/vcenter/write', { vm: server?.vmId, disk: 0, offset: 0, length: 60_000_000, seed: 'slow' });
    const job = await newJob(site, 'legacy-01');
    const slow = await until(
      'a rate is shown',
      async () => {
        const run = await runOf(site, job);
        return run?.step === 'copy-disks' && (run.progress?.disks[0]?.bytesSent ?? 0) > 2_000_000 && run;
      },
      60,
    );
    expect(slow.progress?.disks[0]?.rate).toBeLessThan(4 * 1_048_576);
    await limitConnector({});
    expect((await endedRun(site, job)).state).toBe('completed');
    await deleteJob(site.ctx, { jobId: job });
    await expectNothingLeft(site);
  }, 120_000);
});
