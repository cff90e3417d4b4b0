// What the worker does every few seconds does not grow with the fleet, and leaves nobody waiting behind others.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../db/client.ts';
import { artifacts, connectors, cutovers, instances, replicationRuns } from '../../db/schema/index.ts';
import type { AwsTarget } from '../../replication/target/aws/target.ts';
import { settleOrphansAtSource } from '../services/artifacts/at-source.ts';
import { putAsideNeeded, releaseAfterRun } from '../services/artifacts/due.ts';
import { dueArtifacts } from '../services/artifacts/release.ts';
import type { Targets } from '../services/cloud/target-pool.ts';
import { watchInstances } from '../services/cloud/watch-instances.ts';
import { noteSilentConnectors } from '../services/connectors/report.ts';
import { inTransaction, systemContext } from '../services/context.ts';
import { openCutovers, startDueCutovers } from '../services/cutovers/due.ts';
import { newestPower } from '../services/cutovers/power.ts';
import { trimHistory } from '../services/history/trim.ts';
import { takeCopies } from '../services/images/copy-progress.ts';
import { imagePruned, imagesToPrune } from '../services/images/record.ts';
import { createDueRuns } from '../services/jobs/create-due-runs.ts';
import { countAttention, needsAttention } from '../services/overview/attention.ts';
import { fulfilSmallestWishes } from '../services/overview/replicate-smallest.ts';
import { Round } from '../services/round.ts';
import { advanceRun } from '../services/runs/advance.ts';
import { runsToAdvance } from '../services/runs/sweep.ts';
import { endAbandoned } from '../services/tasks/abandon.ts';
import { claimTasks } from '../services/tasks/claim.ts';
import { type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { fillFleet, nodesOf, plansOf } from '../services/testing-fleet.ts';

/** Tables that do not grow with the fleet. */
const SMALL = ['connectors', 'workspaces', 'run_limits', 'aws_targets', 'aws_target_places', 'tallies'];
const SIZE = 2_000;
/** Rounds take a hundred at once. */
const TURN = 100;
let site: TestWorkspace;
let asked: string[][] = [];
/** An EC2 that knows every instance, and keeps what it was asked. */
const ec2 = {
  instances: {
    describe: async (ids: string[]) => {
      asked.push(ids);
      return new Map();
    },
  },
} as unknown as AwsTarget;
const targets: Targets = { at: async () => ec2, close: () => undefined };
const signal = new AbortController().signal;
const claim = { workspaceId: null, holder: 'w', free: 16, leaseSeconds: 20 };

beforeAll(async () => {
  site = await testWorkspace();
  const { workspaceId, connectorId } = site;
  await fillFleet(site.db, { workspaceId, connectorId, size: SIZE });
  // More than a turn takes of each.
  await site.db.execute(
    sql`update cutovers set state = 'active' where id in (select 'cutover-' || n from generate_series(100, 250) n)`,
  );
  await site.db.execute(
    sql`update replication_runs set state = 'pending', ended_at = null where id in (select 'sms-run-' || n from generate_series(100, 250) n)`,
  );
  await site.db.execute(
    sql`update replication_runs set settings = '{"vmId": "vm-1", "target": {"region": "r", "bucket": "b"}}' where state = 'pending'`,
  );
  await putAsideNeeded(site.db);
  await site.db.execute(sql`analyze`);
}, 240_000);
afterAll(() => site.close());

it('reads no table of the fleet from end to end in any tick', async () => {
  // A batch is a large part of a fleet of two thousand, which is soonest read whole: what counts is that an index would do.
  await site.db.execute(
    sql.raw(`alter database ${new URL(process.env.DATABASE_URL as string).pathname.slice(1)} set enable_seqscan = off`),
  );
  const db = openDatabase(process.env.DATABASE_URL as string);
  const [pending] = await db.select().from(replicationRuns).where(eq(replicationRuns.state, 'pending')).limit(1);
  const worker = { ...systemContext(db, null, 'worker'), now: site.ctx.now };
  const viewer = { ...site.as('viewer'), db };
  const planned = await plansOf(db, async () => {
    await createDueRuns(worker);
    await fulfilSmallestWishes(worker);
    await startDueCutovers(worker);
    await takeCopies(worker);
    await openCutovers(worker, new Round());
    await endAbandoned(worker);
    await runsToAdvance(worker, { active: new Round(), pending: new Round() });
    await advanceRun(worker, pending?.id as string);
    await noteSilentConnectors(worker);
    await putAsideNeeded(db);
    await settleOrphansAtSource(worker);
    await dueArtifacts(worker);
    await watchInstances(worker, targets, { changing: new Round(), all: new Round() }, signal);
    await trimHistory(worker, 20);
    await inTransaction(worker, site.workspaceId, (work) => newestPower(work, 'cutover-1'));
    await claimTasks(worker, { ...claim, place: 'cloud', connectorId: null });
    await claimTasks(worker, { ...claim, place: 'connector', connectorId: site.connectorId });
    await imagesToPrune(worker, 'sms-job-1', 1);
    await imagePruned(worker, site.workspaceId, 'ami-1');
    await countAttention(viewer);
    await needsAttention(viewer);
  }).finally(() => db.$client.end());
  expect(planned.length).toBeGreaterThan(30);
  // Partial indexes may be walked: they hold what goes on, and each turn has an end.
  const reads = planned.flatMap(({ text, plan }) =>
    nodesOf(plan).flatMap((node) =>
      node['Node Type'] === 'Seq Scan' && !SMALL.includes(node['Relation Name'] ?? '') ? [text] : [],
    ),
  );
  expect(reads).toEqual([]);
});

it('goes round all cutovers, a hundred at a time, and all runs, a few at a time', async () => {
  const round = new Round();
  const seen: string[] = [];
  for (let turn = 0; turn < 2; turn += 1) seen.push(...(await openCutovers(site.ctx, round)).map(({ id }) => id));
  expect(new Set(seen).size).toBe(await site.db.$count(cutovers, eq(cutovers.state, 'active')));
  const again = await openCutovers(site.ctx, round);
  expect(again.map(({ id }) => id)).toEqual(seen.slice(0, TURN));

  const rounds = { active: new Round(), pending: new Round() };
  await site.db.update(replicationRuns).set({ waitingFor: null, waitingKind: null });
  const runs = new Set<string>();
  const open = await site.db.$count(replicationRuns, sql`state in ('pending', 'active')`);
  for (let turn = 0; turn < Math.ceil(open / 5) + 1; turn += 1) {
    const turned = await runsToAdvance(site.ctx, rounds);
    expect(turned.length).toBeLessThanOrEqual(10);
    for (const id of turned) runs.add(id);
  }
  expect(runs.size).toBe(open);
});

it('leaves a pending run alone that waits for the same as before, until there is room or somebody cancels it', async () => {
  const { ctx, db } = site;
  const wholeRound = async () => {
    const rounds = { active: new Round(), pending: new Round() };
    const found: string[] = [];
    const open = await db.$count(replicationRuns, eq(replicationRuns.state, 'pending'));
    for (let turn = 0; turn <= open / 5; turn += 1) found.push(...(await runsToAdvance(ctx, rounds)));
    const pending = await db.select().from(replicationRuns).where(eq(replicationRuns.state, 'pending'));
    return pending.filter(({ id }) => found.includes(id));
  };
  const answers = new Date(Date.now() + 3_600_000);
  await db.update(connectors).set({ maxRuns: 1, lastSeenAt: answers });
  for (const { id } of await wholeRound()) await advanceRun(ctx, id);
  const [first, second] = await db.select().from(replicationRuns).where(eq(replicationRuns.state, 'pending'));
  expect(first?.waitingFor).toMatch(/^Queued: the connector/);
  expect(await wholeRound()).toEqual([]);
  await db
    .update(replicationRuns)
    .set({ cancelRequestedAt: new Date() })
    .where(eq(replicationRuns.id, first?.id as string));
  expect((await wholeRound()).map(({ id }) => id)).toEqual([first?.id]);
  // One left something at its server.
  await db.execute(sql`update replication_runs set settings = settings || '{"vmId": "vm-9"}' where id = ${second?.id}`);
  await db
    .update(artifacts)
    .set({ kind: 'vsphere-snapshot', details: { vmId: 'vm-9' } })
    .where(eq(artifacts.id, 'artifact-9'));
  expect((await wholeRound()).map(({ id }) => id).sort()).toEqual([first?.id, second?.id].sort());
  await db.update(connectors).set({ maxRuns: 1000 });
  expect((await wholeRound()).length).toBe(await db.$count(replicationRuns, eq(replicationRuns.state, 'pending')));
}, 60_000);

it('asks EC2 about all instances in turn, and about those that change by themselves each time', async () => {
  // EC2 does not know them yet.
  await site.db.update(instances).set({ checksPassedAt: new Date(), launchedAt: new Date() });
  await site.db.update(instances).set({ state: 'pending' }).where(eq(instances.id, 'launch-10'));
  const running = await site.db.$count(instances, sql`terminated_at is null`);
  asked = [];
  const rounds = { changing: new Round(), all: new Round() };
  for (let turn = 0; turn < Math.ceil(running / TURN); turn += 1)
    await watchInstances(site.ctx, targets, rounds, signal);
  expect(asked.every((ids) => ids.includes('i-10') && ids.length <= 2 * TURN)).toBe(true);
  expect(new Set(asked.flat()).size).toBe(running);
});

it('puts aside what is needed, and brings back what a run leaves', async () => {
  // Those of runs that failed; by far the most are of runs that completed.
  const due = await dueArtifacts(site.ctx);
  expect(due.cloud.length).toBeGreaterThan(20);
  expect(await site.db.$count(artifacts, sql`release_not_before <= now()`)).toBeLessThan(SIZE / 10);
  const [going] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.state, 'active')).limit(1);
  const runId = going?.id as string;
  const row = async () => (await site.db.select().from(artifacts).where(eq(artifacts.runId, runId)))[0];
  const hours = async () => (((await row())?.releaseNotBefore.getTime() ?? 0) - Date.now()) / 3_600_000;
  expect(await hours()).toBeGreaterThan(23);
  await site.db
    .update(replicationRuns)
    .set({ state: 'failed', endedAt: new Date() })
    .where(eq(replicationRuns.id, runId));
  await releaseAfterRun(site.db, runId);
  await putAsideNeeded(site.db);
  expect(await hours()).toBeLessThan(0.1);
});

it('makes the runs that are due behind one that cannot be made', async () => {
  const { db, ctx } = site;
  const [held, free] = ['sms-job-1010', 'sms-job-1011'];
  await db.execute(sql`update replication_jobs set next_run_at = now() + interval '1 day' where next_run_at <= now()`);
  await db.execute(sql`update replication_jobs set next_run_at = now() - interval '1 hour' where id = ${held}`);
  await db.execute(sql`update replication_jobs set next_run_at = now() - interval '1 minute' where id = ${free}`);
  await db.execute(
    sql.raw(`alter table replication_runs add constraint none_of_it check (job_id <> '${held}') not valid`),
  );
  expect(await createDueRuns(ctx)).toBe(1);
  await db.execute(sql`alter table replication_runs drop constraint none_of_it`);
  expect(await createDueRuns(ctx)).toBe(1);
});

it('passes over the jobs that a cutover holds, however many are overdue', async () => {
  const { db, ctx } = site;
  await db.execute(sql`
    update replication_jobs set next_run_at = now() - interval '2 hours'
    where id in (select job_id from cutovers where state = 'active')`);
  await db.execute(
    sql`update replication_jobs set next_run_at = now() - interval '1 minute' where id = 'sms-job-1013'`,
  );
  expect(await db.$count(cutovers, eq(cutovers.state, 'active'))).toBeGreaterThan(TURN);
  expect(await createDueRuns(ctx)).toBe(1);
});
