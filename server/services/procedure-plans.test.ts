// What the screens ask for beside their lists does not grow with the fleet, nor with the history of a job.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../db/client.ts';
import { artifacts, baselines, cutovers, replicationRuns } from '../../db/schema/index.ts';
import type { FaultError } from '../../replication/model/fault.ts';
import { leftAtSource } from './artifacts/at-source.ts';
import { forgetLeftOvers, listLeftOvers, retryRelease } from './artifacts/left-overs.ts';
import { dropBaselines } from './baselines/baselines.ts';
import { disassociateConnector } from './connectors/disassociate.ts';
import { inTransaction, systemContext } from './context.ts';
import { advanceCutover } from './cutovers/advance.ts';
import { cutoverEvidence, cutoverOfJob, getCutover } from './cutovers/list.ts';
import { planCutover, readCutoverReadiness } from './cutovers/plan.ts';
import { endPowerTasks, newestPower } from './cutovers/power.ts';
import { cancelCutover } from './cutovers/roll-back.ts';
import { pinImage } from './images/pin.ts';
import { getInstance } from './instances/list.ts';
import { jobCandidates } from './jobs/candidates.ts';
import { createJobs } from './jobs/create.ts';
import { deleteJob } from './jobs/delete.ts';
import { editJob } from './jobs/edit.ts';
import { getJob, listJobs, someJobs } from './jobs/list.ts';
import { pauseJob, resumeJob } from './jobs/pause.ts';
import { startRun } from './jobs/start-run.ts';
import { getRunLimits, updateRunLimits, whyQueued } from './limits/limits.ts';
import { advanceRun } from './runs/advance.ts';
import { cancelRun } from './runs/cancel.ts';
import { getRun, listRuns, runLogLines } from './runs/list.ts';
import { catalogStatus, getServer } from './servers/list.ts';
import { describeTarget } from './targets/describe.ts';
import { listTargets } from './targets/list.ts';
import { placeAt } from './targets/store.ts';
import { type TestWorkspace, testWorkspace } from './testing.ts';
import { fillFleet, fillHistory, nodesOf, plansOf, rowsMet } from './testing-fleet.ts';

/** Tables that do not grow with the fleet. */
const SMALL = [
  'connectors',
  'workspaces',
  'run_limits',
  'aws_targets',
  'aws_target_places',
  'tallies',
  'members',
  'users',
];
const HISTORY = 3_000;
/** A page of a list, and the jobs of its rows. */
const MOST_ROWS = 300;
/** It has all the history. */
const JOB = 'sms-job-7';
const CUTOVER = 'cutover-4';
let site: TestWorkspace;

beforeAll(async () => {
  site = await testWorkspace();
  const { db, workspaceId, connectorId } = site;
  await fillFleet(db, { workspaceId, connectorId, size: 2_000 });
  await fillHistory(db, { workspaceId, connectorId, jobId: JOB, runs: HISTORY });
  await db.execute(sql`
    insert into baselines (job_id, disk_id, workspace_id, run_id, capacity_bytes, snapshot_id, manifest_key, digest_root,
      digest_prefixes, point_in_time)
    values (${JOB}, 'disk', ${workspaceId}, 'sms-run-old-1', 1, 'snap-old-1', 'key', 'root', '["token-7"]', now())`);
  await db.update(artifacts).set({ kind: 'digest-set' }).where(eq(artifacts.id, 'artifact-7'));
  await db
    .update(artifacts)
    .set({ releaseAttempts: 9, releaseFault: { code: 'aws-away' } as never })
    .where(sql`id in ('artifact-30', 'artifact-60')`);
}, 240_000);
afterAll(() => site.close());

/** On a connection for which an index is always sooner: whoever reads a whole table then has none. */
async function plansByIndex(work: (db: TestWorkspace['db']) => Promise<unknown>) {
  await site.db.execute(
    sql.raw(`alter database ${new URL(process.env.DATABASE_URL as string).pathname.slice(1)} set enable_seqscan = off`),
  );
  const db = openDatabase(process.env.DATABASE_URL as string);
  return plansOf(db, () => work(db), { run: true }).finally(() => db.$client.end());
}

it('asks by index for what a page shows, however many runs a job has had', async () => {
  const planned = await plansByIndex(async (db) => {
    const viewer = { ...site.as('administrator'), db };
    const { workspaceId, connectorId } = site;
    const query = { page: 1, pageSize: 20, cursor: null, filter: { operation: 'and' as const, tokens: [] } };
    const [run] = await db.select().from(replicationRuns).where(eq(replicationRuns.id, 'sms-run-7'));
    await getJob(viewer, JOB);
    await cutoverOfJob(viewer, JOB);
    await listJobs(viewer, { ...query, sort: null });
    await listRuns(viewer, { ...query, jobId: JOB, sort: { by: 'scheduledFor', descending: true } });
    await readCutoverReadiness(viewer, { jobId: JOB, touchSource: true });
    await getCutover(viewer, CUTOVER);
    await cutoverEvidence(viewer, CUTOVER);
    await getRun(viewer, 'sms-run-7');
    await runLogLines(viewer, { runId: 'sms-run-7' });
    await getServer(viewer, 's-7');
    await catalogStatus(viewer);
    await someJobs(viewer, { jobIds: [JOB] });
    await jobCandidates(viewer, { serverIds: ['s-7', 's-8'] });
    await getInstance(viewer, 'launch-7');
    await getInstance(viewer, 'i-7');
    await listLeftOvers(viewer);
    await getRunLimits(viewer);
    await describeTarget(viewer);
    await listTargets(viewer);
    await leftAtSource(db, workspaceId, connectorId);
    if (run) await whyQueued(db, { ...run, place: await placeAt(db, run) }, { id: connectorId, name: 'c', maxRuns: 4 });
  });
  expect(planned.length).toBeGreaterThan(35);
  const nodes = planned.flatMap(({ text, plan }) => nodesOf(plan).map((node) => ({ text, node })));
  const whole = nodes.filter(
    ({ node }) => node['Node Type'] === 'Seq Scan' && !SMALL.includes(node['Relation Name'] ?? ''),
  );
  expect(whole.map(({ text }) => text)).toEqual([]);
  const many = nodes.filter(({ node }) => rowsMet(node) > MOST_ROWS && !SMALL.includes(node['Relation Name'] ?? ''));
  expect(many.map(({ text, node }) => `${rowsMet(node)} ${node['Relation Name']}: ${text}`)).toEqual([]);
}, 120_000);

it('finds by index what a verb changes', async () => {
  const planned = await plansByIndex(async (db) => {
    const admin = { ...site.as('administrator'), db };
    const { workspaceId, connectorId } = site;
    const refused = (error: FaultError) => expect(error.fault.code).toMatch(/input-invalid|conflict/);
    await createJobs(admin, {
      servers: [{ serverId: 's-7' }],
      settings: { everyHours: 12, seedAt: null, keepImages: null },
    }).catch(refused);
    await editJob(admin, {
      jobId: JOB,
      settings: {
        everyHours: 24,
        license: 'auto',
        imageMethod: 'auto',
        keepImages: null,
        pauseAfterFailures: null,
        verification: null,
        description: 'x',
      },
    });
    await pauseJob(admin, { jobId: JOB });
    await resumeJob(admin, { jobId: JOB });
    const { runId } = await startRun(admin, { jobId: JOB });
    await advanceRun({ ...systemContext(db, null, 'worker'), now: admin.now }, runId);
    await cancelRun(admin, { runId });
    await updateRunLimits(admin, { total: 10, perTarget: 5 });
    await pinImage(admin, { imageId: 'ami-7', pinned: true });
    await retryRelease(admin, { artifactIds: ['artifact-30'] });
    await forgetLeftOvers(admin, { artifactIds: ['artifact-30'] });
    await disassociateConnector(admin, { connectorId }).catch(refused);
    await planCutover(admin, { jobId: 'sms-job-8', start: null, options: { touchSource: true } } as never);
    const cutover = await db.$count(cutovers, eq(cutovers.jobId, 'sms-job-8'));
    expect(cutover).toBe(2);
    await cancelCutover(admin, { cutoverId: CUTOVER });
    await advanceCutover({ ...systemContext(db, null, 'worker'), now: admin.now }, { id: 'cutover-3', workspaceId });
    await inTransaction(admin, workspaceId, async (work) => {
      await newestPower(work, CUTOVER);
      await endPowerTasks(work, CUTOVER);
    });
    await deleteJob(admin, { jobId: JOB });
  });
  expect(planned.length).toBeGreaterThan(60);
  const reads = planned.flatMap(({ text, plan }) =>
    nodesOf(plan).flatMap((node) =>
      node['Node Type'] === 'Seq Scan' && !SMALL.includes(node['Relation Name'] ?? '') ? [text] : [],
    ),
  );
  expect(reads).toEqual([]);
  const many = planned.flatMap(({ text, plan }) =>
    nodesOf(plan).flatMap((node) =>
      rowsMet(node) > MOST_ROWS && !SMALL.includes(node['Relation Name'] ?? '') ? [text] : [],
    ),
  );
  expect(many).toEqual([]);
}, 120_000);

it('looks at what baselines were made of when they go, and at nothing else of the job', async () => {
  const { db, ctx, workspaceId } = site;
  const dueIds = async () =>
    (
      await db
        .select({ id: artifacts.id })
        .from(artifacts)
        .where(
          sql`release_not_before <= now() and run_id like 'sms-run-old-%' or id = 'artifact-7' and release_not_before <= now()`,
        )
    ).map(({ id }) => id);
  await db.update(artifacts).set({ releaseNotBefore: sql`now() + interval '1 day'` });
  await db.delete(baselines);
  await db.execute(sql`
    insert into baselines (job_id, disk_id, workspace_id, run_id, capacity_bytes, snapshot_id, manifest_key, digest_root,
      digest_prefixes, point_in_time)
    values ('sms-job-9', 'disk', ${workspaceId}, 'sms-run-9', 1, 'snap-old-1', 'key', 'root', '["token-7"]', now())`);
  await inTransaction(ctx, workspaceId, (work) => dropBaselines(work, 'sms-job-9'));
  expect((await dueIds()).sort()).toEqual(['artifact-7', 'artifact-old-1']);
}, 60_000);
