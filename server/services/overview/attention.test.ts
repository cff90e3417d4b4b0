// What needs attention stands in rows that the database keeps: whatever is written, however it is written, the rows are what
// jobs, runs, cutovers and artifacts say, and no more of them is read than is shown.
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import { artifacts, cutovers, events, replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import { type Fault, fault } from '../../../replication/model/fault.ts';
import { waitsFor } from '../../../replication/model/run.ts';
import { createJobs } from '../jobs/create.ts';
import { deleteJob } from '../jobs/delete.ts';
import { pauseJob, resumeJob } from '../jobs/pause.ts';
import { startRun } from '../jobs/start-run.ts';
import { foldTallies } from '../tallies/keep.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';
import { countAttention, needsAttention } from './attention.ts';
import { wrongAttention } from './attention-differences.ts';

let site: TestWorkspace;
let jobs: string[];
const COUNT = 60;

beforeAll(async () => {
  site = await testWorkspace();
  await site.importServers(Array.from({ length: COUNT }, (_, at) => catalogServer(`s${at}`)));
  const rows = await site.db.select({ serverId: servers.id }).from(servers);
  const settings = { everyHours: 24, seedAt: null, description: '', keepImages: null };
  jobs = (await createJobs(site.ctx, { servers: rows, settings })).jobIds;
});
afterAll(() => site.close());

afterEach(async () => {
  expect(await wrongAttention(site.db)).toEqual([]);
  await foldTallies(site.ctx);
});

type Run = typeof replicationRuns.$inferInsert;
const runs = (jobId: string, values: Partial<Run>) =>
  site.db.update(replicationRuns).set(values).where(eq(replicationRuns.jobId, jobId));
const failed = (theFault: Fault): Partial<Run> => ({ state: 'failed', fault: theFault, endedAt: new Date() });
const job = (at: number) => jobs[at] as string;

/** Kind, cause and jobs of each entry; the rows are what they should be. */
const shown = async () => {
  expect(await wrongAttention(site.db)).toEqual([]);
  return (await needsAttention(site.as('viewer'))).map(({ kind, fault: { code }, affected }) => [
    kind,
    code,
    affected.count,
  ]);
};

it('opens and closes with the job: failed, waiting, started anew, paused, resumed, deleted', async () => {
  expect(await shown()).toEqual([]);
  await runs(job(0), failed(fault('vcenter-login-refused')));
  expect(await shown()).toEqual([['failed-runs', 'vcenter-login-refused', 1]]);
  await startRun(site.ctx, { jobId: job(0) });
  expect(await shown(), 'its newest run waits for its turn').toEqual([]);
  await site.db
    .update(replicationRuns)
    .set(waitsFor('Waits for the connector North.'))
    .where(sql`job_id = ${job(0)} and state = 'pending'`);
  expect(await shown()).toEqual([['waiting-runs', undefined, 1]]);
  await site.db
    .update(replicationRuns)
    .set({ ...waitsFor(null), ...failed(fault('image-refused')) })
    .where(sql`job_id = ${job(0)} and state = 'pending'`);
  expect(await shown()).toEqual([['failed-runs', 'image-refused', 1]]);
  await pauseJob(site.ctx, { jobId: job(0) });
  expect(await shown(), 'by a person').toEqual([['failed-runs', 'image-refused', 1]]);
  await site.db
    .update(replicationJobs)
    .set({ state: 'paused-on-failure', pausedAt: new Date() })
    .where(eq(replicationJobs.id, job(0)));
  expect(await shown()).toEqual([['paused-jobs', 'image-refused', 1]]);
  await resumeJob(site.ctx, { jobId: job(0) });
  expect(await shown(), 'until a run went well').toEqual([['failed-runs', 'image-refused', 1]]);
  await deleteJob(site.ctx, { jobId: job(0) });
  expect(await shown()).toEqual([]);
});

it('goes by the newest run that was not missed, and by what it says now', async () => {
  const ended = new Date('2026-03-01T10:00:00Z');
  await runs(job(50), { ...failed(fault('image-refused', { message: 'Refused: a' })), endedAt: ended });
  await site.db.execute(sql`
    insert into replication_runs (id, workspace_id, target_id, target_revision, job_id, connector_id, server_name, type, state, settings, step,
      scheduled_for, created_at)
    select 'sms-run-missed', workspace_id, target_id, target_revision, job_id, connector_id, server_name, type, 'missed', settings, step, scheduled_for,
      now() + interval '1 minute'
    from replication_runs where job_id = ${job(50)}`);
  expect(await shown()).toEqual([['failed-runs', 'image-refused', 1]]);
  const one = async () => (await needsAttention(site.ctx))[0];
  expect(await one()).toMatchObject({ since: ended, fault: { message: 'Refused: a' } });

  const later = new Date('2026-03-02T10:00:00Z');
  await site.db
    .update(replicationRuns)
    .set({ fault: fault('image-refused', { message: 'Refused: b' }) })
    .where(sql`job_id = ${job(50)} and state = 'failed'`);
  expect(await one()).toMatchObject({ fault: { message: 'Refused: b' } });
  await site.db
    .update(replicationRuns)
    .set({ endedAt: later })
    .where(sql`job_id = ${job(50)} and state = 'failed'`);
  expect(await one()).toMatchObject({ since: later });
  expect(await shown()).toHaveLength(1);

  const paused = new Date('2026-03-03T10:00:00Z');
  await site.db
    .update(replicationJobs)
    .set({ state: 'paused-on-failure' })
    .where(eq(replicationJobs.id, job(50)));
  expect(await shown()).toEqual([['paused-jobs', 'image-refused', 1]]);
  await site.db
    .update(replicationJobs)
    .set({ pausedAt: paused })
    .where(eq(replicationJobs.id, job(50)));
  expect(await one()).toMatchObject({ since: paused });
  await site.db.delete(replicationRuns).where(eq(replicationRuns.jobId, job(50)));
  expect(await shown()).toEqual([]);
});

it('shows a cutover while it asks, or waits to begin, and no longer', async () => {
  const at = (day: number) => new Date(Date.UTC(2026, 2, day));
  const row = (id: string, of: Partial<typeof cutovers.$inferInsert>) => ({
    ...{ id, workspaceId: site.workspaceId, jobId: job(51), serverName: id, step: 'check' as const, createdBy: 'me' },
    ...{ options: {} as never, state: 'planned' as const, startAt: at(1) },
    ...of,
  });
  const only = async (id: string, of: Partial<typeof cutovers.$inferInsert>) => {
    await site.db.update(cutovers).set(of).where(eq(cutovers.id, id));
    expect(await wrongAttention(site.db)).toEqual([]);
    return (await needsAttention(site.ctx)).map(({ things, since }) => [things[0]?.name, since?.getUTCDate()]);
  };
  await site.db.insert(cutovers).values(row('a', { waitingFor: 'Waits for a run.' }));
  expect(await only('a', { startAt: at(2) })).toEqual([['a', 2]]);
  expect(await only('a', { state: 'active', startedAt: at(3) }), 'it waits by itself').toEqual([]);
  const question = { number: 1, text: 'Go on?', detail: null, choices: ['check-again' as const] };
  const asked = { question: { ...question, askedAt: at(4).toISOString() } };
  expect(await only('a', asked)).toEqual([['a', 4]]);
  await site.db.update(cutovers).set({ state: 'finished' }).where(eq(cutovers.id, 'a'));
  await site.db.insert(cutovers).values(row('b', { waitingFor: 'Waits for a run.', jobId: job(52) }));
  expect(await only('a', { state: 'rolling-back' }), 'one that has not begun comes last').toEqual([
    ['a', 4],
    ['b', 1],
  ]);
  expect(await only('b', { waitingFor: null })).toEqual([['a', 4]]);
  expect(await only('a', { question: null })).toEqual([]);
  expect(await only('a', asked)).toHaveLength(1);
  await site.db.delete(cutovers);
  expect(await shown()).toEqual([]);
});

it('tells the screens once for each change, and nobody while nothing needs a hand', async () => {
  const told = () => site.db.$count(events, eq(events.topic, 'attention'));
  const before = await told();
  await runs(job(1), { percent: 50 });
  await runs(job(1), { state: 'active' });
  expect(await told()).toBe(before);
  await runs(job(1), failed(fault('vcenter-login-refused')));
  expect(await told()).toBe(before + 1);
  await runs(job(1), { state: 'completed', fault: null });
  expect(await told()).toBe(before + 2);
});

it('has rows that are right after changes at once, whichever commits first', async () => {
  const ids = jobs.slice(2, 12);
  await Promise.all(
    ids.flatMap((jobId) => [
      runs(jobId, failed(fault('vcenter-login-refused'))),
      pauseJob(site.ctx, { jobId }),
      site.db.update(replicationJobs).set({ state: 'paused-on-failure' }).where(eq(replicationJobs.id, jobId)),
    ]),
  );
  expect((await shown()).reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(ids.length);
  for (const jobId of ids) await runs(jobId, { state: 'completed', fault: null });
  await site.db.update(replicationJobs).set({ state: 'active' });
  expect(await shown()).toEqual([]);
});

it('has rows that are right when a run fails while its job is being paused', async () => {
  let pausing: Promise<unknown> | undefined;
  await site.db.transaction(async (tx) => {
    await tx
      .update(replicationRuns)
      .set(failed(fault('image-refused')))
      .where(eq(replicationRuns.jobId, job(53)));
    // What else would happen at the commit, which is yet to come.
    await tx.execute(sql`set constraints all immediate`);
    let done = false;
    pausing = site.db
      .update(replicationJobs)
      .set({ state: 'paused-on-failure' })
      .where(eq(replicationJobs.id, job(53)))
      .then(() => {
        done = true;
      });
    const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect
      .poll(async () => done || (await site.db.execute(waiting)).rows.length > 0, { timeout: 10_000 })
      .toBe(true);
  });
  await pausing;
  expect(await shown()).toEqual([['paused-jobs', 'image-refused', 1]]);
  await runs(job(53), { state: 'completed', fault: null });
});

it('says in the words of the kind what is not the same everywhere, and shows five things of many', async () => {
  const own = fault('image-refused', { message: 'Refused: the kernel of s12' });
  for (const jobId of jobs.slice(12, 20)) await runs(jobId, failed(own));
  const [alike] = await needsAttention(site.ctx);
  expect(alike).toMatchObject({ fault: { message: own.message }, affected: { count: 8 } });
  expect(alike?.things).toHaveLength(5);
  await runs(job(20), failed(fault('image-refused')));
  const [other] = await needsAttention(site.ctx);
  expect(other).toMatchObject({ fault: { message: fault('image-refused').message }, affected: { count: 9 } });
  expect(other?.things[0], 'the newest first').toMatchObject({ id: job(20) });
  for (const jobId of jobs.slice(12, 21)) await runs(jobId, { state: 'completed', fault: null });
});

it('names at most fifty causes, and says of each kind how many more there are', async () => {
  const asked = jobs.slice(1);
  const question = {
    number: 1,
    text: 'Go on?',
    detail: null,
    choices: ['check-again' as const],
    askedAt: new Date().toISOString(),
  };
  const rows = asked.map((jobId, at) => ({
    ...{ id: `cutover-${at}`, workspaceId: site.workspaceId, jobId, serverName: `s${at}`, state: 'active' as const },
    ...{ step: 'check' as const, options: {} as never, createdBy: 'me', startedAt: new Date(at * 1000), question },
  }));
  await site.db.insert(cutovers).values(rows);
  for (const [at, jobId] of asked.slice(0, 3).entries())
    await runs(jobId, { ...failed(fault(at === 0 ? 'image-refused' : 'vcenter-login-refused')) });
  const found = await needsAttention(site.ctx);
  expect(
    found
      .filter(({ kind }) => kind === 'cutover')
      .slice(0, 3)
      .map(({ things }) => things[0]?.name),
  ).toEqual(['s0', 's1', 's2']);
  expect(found.filter(({ things }) => things.length > 0)).toHaveLength(50);
  expect(found.filter(({ things }) => things.length === 0)).toMatchObject([
    { id: 'cutover-more', fault: { message: `${asked.length - 48} more cutovers wait for a decision.` } },
  ]);
  expect(found.slice(-2).map(({ kind, affected: { count } }) => [kind, count])).toEqual([
    ['failed-runs', 2],
    ['failed-runs', 1],
  ]);
  expect(await countAttention(site.ctx)).toBe(asked.length + 2);
  await site.db.update(cutovers).set({ question: null, state: 'finished' });
  for (const jobId of asked.slice(0, 3)) await runs(jobId, { state: 'completed', fault: null });
  expect(await countAttention(site.ctx)).toBe(0);
});

it('knows what is left over by the tries, and forgets it with the row', async () => {
  const [run] = await site.db
    .select()
    .from(replicationRuns)
    .where(eq(replicationRuns.jobId, job(30)));
  const id = newId.artifact();
  const row = {
    id,
    workspaceId: site.workspaceId,
    runId: run?.id as string,
    kind: 'ebs-snapshot' as const,
    token: id,
    fence: 1,
    details: {},
  };
  await site.db
    .insert(artifacts)
    .values({ ...row, state: 'created', releaseFault: fault('snapshot-in-use'), releaseAttempts: 5 });
  expect(await shown()).toEqual([]);
  await site.db.update(artifacts).set({ releaseAttempts: 6 });
  expect(await shown()).toEqual([['left-over', 'snapshot-in-use', 1]]);
  await site.db.update(artifacts).set({ releaseFault: fault('aws-access-denied') });
  expect(await shown()).toEqual([['left-over', 'aws-access-denied', 1]]);
  await site.db.update(artifacts).set({ state: 'released' });
  expect(await shown()).toEqual([]);
  await site.db.update(artifacts).set({ state: 'created', releaseAttempts: 0 });
  expect(await shown()).toEqual([]);
  const tried = { state: 'created' as const, releaseFault: fault('snapshot-in-use'), releaseAttempts: 6 };
  await site.db.insert(artifacts).values({ ...row, id: newId.artifact(), token: 'second', ...tried });
  expect(await shown()).toEqual([['left-over', 'snapshot-in-use', 1]]);
  await site.db.delete(artifacts);
  expect(await shown()).toEqual([]);
});

it('can be made anew from the truth', async () => {
  await runs(job(40), failed(fault('vcenter-login-refused')));
  await site.db.execute(sql`delete from attention`);
  expect(await wrongAttention(site.db)).toHaveLength(1);
  await site.db.execute(sql`select rebuild_attention()`);
  expect(await shown()).toEqual([['failed-runs', 'vcenter-login-refused', 1]]);
  await site.db.execute(
    sql`insert into attention select (jsonb_populate_record(a, '{"subject_id": "sms-job-gone"}')).* from attention a`,
  );
  expect(await wrongAttention(site.db)).toEqual([expect.stringMatching(/^too many: job sms-job-gone/)]);
  await site.db.execute(sql`select rebuild_attention()`);
});
