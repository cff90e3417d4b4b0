// Two AWS targets side by side in one installation, and a target whose bucket is changed in mid-life: everything lies where its run
// went, and is released there. Over the wire, against what the lab itself holds.
import { and, eq, ne } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { artifacts, baselines, images, type RunRow, replicationRuns, servers } from '../db/schema/index.ts';
import { createJobs } from '../server/services/jobs/create.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { startRun } from '../server/services/jobs/start-run.ts';
import { createTarget } from '../server/services/targets/create.ts';
import { listTargets } from '../server/services/targets/list.ts';
import { updateTarget } from '../server/services/targets/update.ts';
import { endedRun, until } from './runs.ts';
import { site, withInstallationWithoutJobs } from './site.ts';

const THERE = 'us-east-1';
const OTHER_BUCKET = 'landfall-over-there';
const NEXT_BUCKET = 'landfall-next-bucket';

withInstallationWithoutJobs({
  labArguments: ['--guest-writes', '0'],
  // The lab's own key of a connector is for the first bucket only.
  connectorEnvironment: {
    get LANDFALL_AWS_ACCESS_KEY_ID() {
      return process.env.LANDFALL_AWS_ACCESS_KEY_ID as string;
    },
    get LANDFALL_AWS_SECRET_ACCESS_KEY() {
      return process.env.LANDFALL_AWS_SECRET_ACCESS_KEY as string;
    },
  },
});

afterEach(async () => {
  // Back to where the others expect it.
  const [main] = await listTargets(site.ctx);
  if (main) await updateTarget(site.ctx, { targetId: main.id, ...ofLab(site.lab.aws.region, site.lab.aws.bucket) });
});

function ofLab(region: string, bucket: string) {
  const url = site.lab.aws.endpoint;
  return { region, bucket, endpoints: { s3: url, ec2: url, ebs: url, sts: url } };
}

async function jobInto(serverName: string, targetId?: string, keepImages: number | null = null): Promise<string> {
  const [server] = await site.db.select().from(servers).where(eq(servers.name, serverName));
  const { jobIds } = await createJobs(site.ctx, {
    servers: [{ serverId: server?.id ?? '' }],
    settings: { everyHours: null, seedAt: null, description: '', keepImages },
    ...(targetId && { targetId }),
  });
  return jobIds[0] as string;
}

async function completedRun(job: string, before?: RunRow): Promise<RunRow> {
  if (before) await startRun(site.ctx, { jobId: job });
  const run = await endedRun(site, job, before?.id);
  expect({ state: run.state, fault: run.fault }).toEqual({ state: 'completed', fault: null });
  return run;
}

const snapshotsIn = async (region?: string) =>
  (await site.control<{ id: string }[]>('/aws/snapshots', { region })).map(({ id }) => id);
const imagesIn = async (region?: string) =>
  (await site.control<{ id: string }[]>('/aws/images', { region })).map(({ id }) => id);
const objectsIn = async (bucket: string) =>
  (await site.control<{ key: string }[]>('/aws/objects', { bucket })).map(({ key }) => key);
const snapshotsOf = (run: RunRow) => run.results['make-snapshots']?.disks.map(({ snapshotId }) => snapshotId) ?? [];
const modesOf = (run: RunRow) => run.results['copy-disks']?.disks.map(({ mode }) => mode) ?? [];

/** The bytes at AWS against the source's own hash. */
async function expectBytes(run: RunRow, region: string): Promise<void> {
  const taken = run.results['take-snapshot'];
  for (const [at, disk] of (taken?.disks ?? []).entries()) {
    const [source, copy] = await Promise.all([
      site.control<{ digest: string }>('/vcenter/hash', {
        vm: run.settings.vmId,
        disk: disk.order,
        snapshot: taken?.snapshotId,
      }),
      site.control<{ digest: string }>('/aws/snapshotHash', {
        region,
        snapshotId: snapshotsOf(run)[at],
        length: disk.capacityBytes,
      }),
    ]);
    expect(copy.digest).toBe(source.digest);
  }
}

/** What the job's runs made is gone, but for AMIs and what these are made of, as the ledger says. */
async function deleted(job: string): Promise<void> {
  await deleteJob(site.ctx, { jobId: job });
  await until(
    `${job} has nothing temporary left`,
    async () => {
      const open = await site.db
        .select({ kind: artifacts.kind })
        .from(artifacts)
        .innerJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
        .where(and(eq(replicationRuns.jobId, job), ne(artifacts.state, 'released')));
      return open.every(({ kind }) => kind === 'image' || kind === 'ebs-snapshot');
    },
    60,
  );
}

describe('two targets', () => {
  it.each(['s3', 'ebs-direct'] as const)(
    'take what goes into each, by %s, and neither anything of the other',
    async (transfer) => {
      const { region, bucket } = site.lab.aws;
      const name = `Over there by ${transfer}`;
      await site.control('/aws/createBucket', { bucket: OTHER_BUCKET, region: THERE });
      const { targetId } = await createTarget(site.ctx, { name, transfer, ...ofLab(THERE, OTHER_BUCKET) });
      const before = { here: await snapshotsIn(), there: await snapshotsIn(THERE) };
      const [here, there] = await Promise.all([jobInto('web-01'), jobInto('db-01', targetId)]);
      const [one, other] = await Promise.all([completedRun(here), completedRun(there)]);
      await expectBytes(one, region);
      await expectBytes(other, THERE);
      expect((await snapshotsIn()).sort()).toEqual([...before.here, ...snapshotsOf(one)].sort());
      expect((await snapshotsIn(THERE)).sort()).toEqual([...before.there, ...snapshotsOf(other)].sort());
      expect(await imagesIn()).toContain(one.imageId);
      expect(await imagesIn(THERE)).toContain(other.imageId);
      expect(await imagesIn()).not.toContain(other.imageId);
      const digests = await objectsIn(OTHER_BUCKET);
      expect(digests.length).toBeGreaterThan(0);
      expect(digests.every((key) => key.startsWith(`landfall-digests/${there}/`))).toBe(true);
      expect((await objectsIn(bucket)).filter((key) => key.includes(there))).toEqual([]);
      // What AWS said of the account, for the limits.
      await until('the account is known', async () =>
        (await listTargets(site.ctx)).every(({ account }) => account === site.lab.aws.account),
      );
      // The next run of each builds on what is there.
      expect(modesOf(await completedRun(there, other)).every((mode) => mode !== 'full')).toBe(true);
      await deleted(here);
      await deleted(there);
      expect(await objectsIn(OTHER_BUCKET)).toEqual([]);
    },
    240_000,
  );
});

describe('a target whose bucket is changed', () => {
  it('lets go of the old in the old place, and copies whole into the new one', async () => {
    const [main] = await listTargets(site.ctx);
    const { region, bucket } = site.lab.aws;
    const job = await jobInto('web-01', undefined, 1);
    const first = await completedRun(job);
    expect((await objectsIn(bucket)).some((key) => key.includes(first.id))).toBe(true);
    await site.control('/aws/createBucket', { bucket: NEXT_BUCKET, region });
    await updateTarget(site.ctx, { targetId: main?.id as string, ...ofLab(region, NEXT_BUCKET) });
    const second = await completedRun(job, first);
    await expectBytes(second, region);
    expect(new Set(modesOf(second))).toEqual(new Set(['full']));
    expect(second.results['find-changes']?.disks[0]?.reason).toMatch(
      /^The AWS target has another bucket than at the last run/,
    );
    expect((await objectsIn(NEXT_BUCKET)).some((key) => key.includes(second.id))).toBe(true);
    // Of the first run nothing needs its digests any more: they are taken out of the bucket in which they lie.
    await until(
      'the old digests are gone',
      async () => !(await objectsIn(bucket)).some((key) => key.includes(first.id)),
      60,
    );
    const third = await completedRun(job, second);
    expect(modesOf(third).every((mode) => mode !== 'full')).toBe(true);
    const [measured] = await site.db.select().from(baselines).where(eq(baselines.jobId, job));
    expect(measured).toMatchObject({ targetId: main?.id, targetRevision: third.targetRevision });
    await deleted(job);
    expect((await objectsIn(NEXT_BUCKET)).filter((key) => key.includes(job))).toEqual([]);
  }, 240_000);

  it('prunes AMIs in the Region in which they were made, after it has moved to another', async () => {
    const [main] = await listTargets(site.ctx);
    const { region } = site.lab.aws;
    await site.control('/aws/createBucket', { bucket: OTHER_BUCKET, region: THERE });
    const job = await jobInto('web-01', undefined, 1);
    const first = await completedRun(job);
    await updateTarget(site.ctx, { targetId: main?.id as string, ...ofLab(THERE, OTHER_BUCKET) });
    const second = await completedRun(job, first);
    expect(await imagesIn(THERE)).toContain(second.imageId);
    expect(await imagesIn()).not.toContain(first.imageId);
    const left = await snapshotsIn();
    expect(snapshotsOf(first).filter((id) => left.includes(id))).toEqual([]);
    const pruned = and(eq(images.id, first.imageId as string), eq(images.jobId, job));
    expect((await site.db.select().from(images).where(pruned))[0]?.deregisteredAt).not.toBeNull();
    expect(region).not.toBe(THERE);
    await deleted(job);
  }, 240_000);
});
