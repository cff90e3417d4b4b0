import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  audit,
  connectors,
  cutovers,
  members,
  replicationJobs,
  replicationRuns,
  servers,
} from '../../../db/schema/index.ts';
import { fault } from '../../../replication/model/fault.ts';
import { waitsFor } from '../../../replication/model/run.ts';
import { createJobs } from '../jobs/create.ts';
import { startRun } from '../jobs/start-run.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { needsAttention } from './attention.ts';
import { getOverview } from './get.ts';
import { fulfilSmallestWishes, replicateSmallest } from './replicate-smallest.ts';

let site: TestWorkspace;
beforeEach(async () => {
  site = await testWorkspace();
});
afterEach(() => site.close());

const GiB = 1024 ** 3;
const sized = (name: string, gib: number, more = {}) =>
  catalogServer(name, {
    disks: catalogServer(name).disks.map((disk) => ({ ...disk, capacityBytes: gib * GiB })),
    ...more,
  });
const finding = (level: 'blocking' | 'warning') => ({ code: level, level, title: 't', why: 'w', remedy: 'r' });
const once = { everyHours: null, seedAt: null, description: '', keepImages: null };

async function jobsFor(...names: string[]): Promise<string[]> {
  const rows = await site.db.select().from(servers);
  const chosen = names.map((name) => ({ serverId: rows.find((row) => row.name === name)?.id as string }));
  return (await createJobs(site.as('operator'), { servers: chosen, settings: once })).jobIds;
}

async function endRuns(jobId: string, values: Partial<typeof replicationRuns.$inferInsert>): Promise<void> {
  await site.db
    .update(replicationRuns)
    .set({ endedAt: new Date(), ...values })
    .where(eq(replicationRuns.jobId, jobId));
}

const available = () =>
  site.db.update(connectors).set({ catalogState: 'available' }).where(eq(connectors.id, site.connectorId));

describe('replicating the smallest server', () => {
  const asked = (role: 'operator' | 'administrator' = 'operator') => replicateSmallest(site.as(role), { lab: true });
  const worker = () =>
    fulfilSmallestWishes({ ...site.ctx, principal: { kind: 'system', workspaceId: null, what: 't' } });
  const catalogIs = (catalogState: 'available' | 'failed') =>
    site.db.update(connectors).set({ catalogState }).where(eq(connectors.id, site.connectorId));

  it('imports first when there is no catalog; whoever asks meanwhile has the same wish', async () => {
    const first = await asked();
    expect(first).toMatchObject({ outcome: 'importing', askedAt: expect.any(String) });
    expect(await Promise.all([asked(), asked('administrator')])).toEqual([first, first]);
    await worker();
    const { catalog, smallest } = await getOverview(site.as('viewer'));
    expect(catalog).toBe('importing');
    expect(smallest).toEqual({ askedAt: (first as { askedAt: string }).askedAt, ended: null });
    expect(await site.db.$count(replicationJobs)).toBe(0);
  });

  it('is done by the worker when the import has ended, once, in the name of who asked', async () => {
    await asked();
    await site.importServers([sized('large', 8), sized('small', 2)]);
    await worker();
    expect(await site.db.$count(replicationJobs), 'the import goes on').toBe(0);
    await catalogIs('available');
    await Promise.all([worker(), worker(), worker()]);
    const jobs = await site.db.select().from(replicationJobs);
    expect(jobs).toMatchObject([{ serverName: 'small', everyHours: null, license: 'auto' }]);
    const jobId = jobs[0]?.id;
    expect((await getOverview(site.as('viewer'))).smallest?.ended).toEqual({ jobId, serverName: 'small' });
    const [written] = await site.db.select().from(audit).where(eq(audit.action, 'job.create'));
    expect(written).toMatchObject({ actorKind: 'member', actorName: 'operator' });
    expect(await asked('administrator')).toEqual({ outcome: 'existing', jobId, serverName: 'small' });
  });

  it('ends with the reason when the import failed, took too long, or nobody wishes it any more', async () => {
    const why = async () => (await getOverview(site.ctx)).smallest?.ended;
    await asked();
    await catalogIs('failed');
    await worker();
    expect(await why()).toMatchObject({
      fault: { code: 'conflict', message: expect.stringMatching(/could not be imported/) },
    });
    await asked();
    expect(await why()).toBeNull();
    await fulfilSmallestWishes({ ...site.ctx, now: () => new Date(Date.now() + 2 * 3_600_000) });
    expect(await why()).toMatchObject({ fault: { code: 'conflict' } });
    await asked();
    await catalogIs('available');
    await worker();
    expect(await why(), 'an empty catalog').toMatchObject({
      fault: { message: expect.stringMatching(/No server of the catalog/) },
    });
    await site.importServers([sized('small', 2)]);
    await catalogIs('failed');
    await asked();
    await site.db.update(members).set({ removedAt: new Date() }).where(eq(members.role, 'operator'));
    await catalogIs('available');
    await worker();
    expect(await why()).toMatchObject({ fault: { code: 'permission-denied' } });
    expect(await site.db.$count(replicationJobs)).toBe(0);
  });

  it('takes the smallest that is ready; two people at once are led to the one job', async () => {
    await site.importServers([
      sized('large', 8),
      sized('small', 2),
      sized('blocked', 1, { findings: [finding('blocking')] }),
      sized('warned', 1, { findings: [finding('warning')] }),
    ]);
    await available();
    const answers = await Promise.all([asked(), asked('administrator'), asked(), asked('administrator')]);
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['created', 'existing', 'existing', 'existing']);
    const jobs = await site.db.select().from(replicationJobs);
    expect(jobs).toMatchObject([{ serverName: 'small' }]);
    for (const answer of answers) expect(answer).toMatchObject({ jobId: jobs[0]?.id, serverName: 'small' });
    expect(await site.db.$count(replicationRuns)).toBe(1);
  });

  it('is refused without the lab, and to a viewer', async () => {
    expect(await faultCode(replicateSmallest(site.as('operator'), { lab: false }))).toBe('conflict');
    expect(await faultCode(replicateSmallest(site.as('viewer'), { lab: true }))).toBe('permission-denied');
    expect((await getOverview(site.ctx)).catalog).toBe('not-imported');
  });
});

describe('what needs attention', () => {
  it('is nothing while all goes well', async () => {
    await site.importServers([catalogServer('web')]);
    await jobsFor('web');
    expect(await needsAttention(site.as('viewer'))).toEqual([]);
  });

  it('groups failed runs of one cause, and forgets a job whose newest run did not fail', async () => {
    await site.importServers(['a', 'b', 'c', 'd'].map((name) => catalogServer(name)));
    const [a, b, c, d] = (await jobsFor('a', 'b', 'c', 'd')) as [string, string, string, string];
    await endRuns(a, { state: 'failed', fault: fault('vcenter-login-refused') });
    await endRuns(b, { state: 'failed', fault: fault('vcenter-login-refused') });
    await endRuns(c, { state: 'failed', fault: fault('image-refused', { message: 'Refused: own words' }) });
    await endRuns(d, { state: 'failed', fault: fault('image-refused') });
    await startRun(site.as('operator'), { jobId: d });
    const found = await needsAttention(site.as('viewer'));
    expect(found.map(({ kind, affected, fault: { code, message } }) => [kind, affected.count, code, message])).toEqual([
      ['failed-runs', 2, 'vcenter-login-refused', 'vCenter refused the user name or password.'],
      ['failed-runs', 1, 'image-refused', 'Refused: own words'],
    ]);
    expect(found[0]?.things.map(({ name }) => name).sort()).toEqual(['a', 'b']);
  });

  it('names an unhealthy connector with its reason, and pending runs with what they wait for', async () => {
    await site.importServers([catalogServer('web')]);
    const [job] = (await jobsFor('web')) as [string];
    await site.db.update(replicationRuns).set(waitsFor('Waits for the connector North.'));
    const check = { id: 'login', label: 'VM manager login', ok: false, detail: 'refused', level: 'required' as const };
    await site.db.update(connectors).set({ checks: [check] });
    const found = await needsAttention(site.as('viewer'));
    expect(found.map(({ kind, fault: { message }, things }) => [kind, message, things[0]?.id])).toEqual([
      ['connector', 'Connector North is unhealthy', site.connectorId],
      ['waiting-runs', 'A replication run cannot start. Waits for the connector North.', job],
    ]);
    expect(found[0]?.fault.remedy).toContain('VM manager login: refused');
  });

  it('groups jobs that paused themselves, says to resume them, and leaves runs that are only queued alone', async () => {
    await site.importServers(['a', 'b', 'c', 'd'].map((name) => catalogServer(name)));
    const [a, b, c, d] = (await jobsFor('a', 'b', 'c', 'd')) as [string, string, string, string];
    const pausedAt = new Date('2026-11-22T10:00:00Z');
    for (const id of [a, b, c]) await endRuns(id, { state: 'failed', fault: fault('vcenter-login-refused') });
    for (const id of [a, b]) {
      await site.db
        .update(replicationJobs)
        .set({ state: 'paused-on-failure', pausedAt })
        .where(eq(replicationJobs.id, id));
    }
    await site.db
      .update(replicationRuns)
      .set(waitsFor('Queued: the connector North takes one run at a time, and one is going.', 'queued'))
      .where(eq(replicationRuns.jobId, d));
    const found = await needsAttention(site.as('viewer'));
    expect(found.map(({ kind, affected, since }) => [kind, affected.count, since])).toEqual([
      ['paused-jobs', 2, pausedAt],
      ['failed-runs', 1, expect.any(Date)],
    ]);
    expect(found[0]?.fault.message).toBe(
      '2 replication jobs have paused after failed runs: vCenter refused the user name or password.',
    );
    expect(found[0]?.fault.remedy).toMatch(/Then resume them: until then no run starts by itself\.$/);
    expect((await getOverview(site.as('viewer'))).running).toMatchObject({ queued: 1, total: 0 });
  });
});

describe('the overview', () => {
  it('counts, and puts each job into the class of its lag', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const blocked = catalogServer('blocked', { findings: [finding('blocking')] });
    await site.importServers([...names.map((name) => catalogServer(name)), blocked]);
    const ids = await jobsFor(...names);
    const ages = [0.9, 1.1, 11.9, 12.1, 23.9, 24.1];
    for (const [at, hours] of ages.entries()) {
      await site.db
        .update(replicationJobs)
        .set({ latestImageAt: new Date(Date.now() - hours * 3_600_000), state: 'completed' })
        .where(eq(replicationJobs.id, ids[at] as string));
    }
    const overview = await getOverview(site.as('viewer'));
    expect(overview.lag).toEqual({ under1: 1, under12: 2, under24: 2, older: 1, never: 1 });
    expect(overview).toMatchObject({
      connectors: { healthy: 1, unhealthy: 0, waiting: 0 },
      servers: { total: 8, blocked: 1 },
      jobs: { completed: 6, pending: 1 },
      steps: { connected: true, imported: true, replicated: false, launched: false },
      begun: true,
    });
  });

  it('sums the runs of the last 24 hours by the hour of their end', async () => {
    await site.importServers(['a', 'b', 'c'].map((name) => catalogServer(name)));
    const [a, b, c] = (await jobsFor('a', 'b', 'c')) as [string, string, string];
    const now = new Date('2026-11-30T18:20:00Z');
    const copied = { 'copy-disks': { disks: [{ bytesRead: 30, bytesSent: 20 }] } } as never;
    await endRuns(a, { state: 'completed', endedAt: new Date('2026-11-30T18:05:00Z'), results: copied });
    await endRuns(b, { state: 'failed', endedAt: new Date('2026-11-29T19:00:00Z'), results: copied });
    await endRuns(c, { state: 'completed', endedAt: new Date('2026-11-29T18:59:59Z'), results: copied });
    const { day } = await getOverview({ ...site.as('viewer'), now: () => now });
    expect(day).toMatchObject({ completed: 1, failed: 1, cancelled: 0, missed: 0 });
    expect(day.hours).toHaveLength(24);
    expect(day.hours[0]).toEqual({ from: new Date('2026-11-29T19:00:00Z'), readBytes: 30, sentBytes: 20 });
    expect(day.hours[23]).toEqual({ from: new Date('2026-11-30T18:00:00Z'), readBytes: 30, sentBytes: 20 });
    expect(day.hours.slice(1, 23).every(({ readBytes }) => readBytes === 0)).toBe(true);
  });

  it('shows of many cutovers those that go on before those that are over, by when they began', async () => {
    const names = Array.from({ length: 14 }, (_, at) => `s${at}`);
    await site.importServers(names.map((name) => catalogServer(name)));
    const jobs = await jobsFor(...names);
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    await site.db.insert(cutovers).values(
      jobs.map((jobId, at) => ({
        id: `cutover-${at}`,
        workspaceId: site.workspaceId,
        jobId,
        serverName: names[at] as string,
        step: 'check' as const,
        options: {} as never,
        createdBy: 'somebody',
        ...(at < 11
          ? { state: 'finished' as const, startedAt: hoursAgo(20 - at), endedAt: hoursAgo(19 - at) }
          : at < 13
            ? { state: 'active' as const, startedAt: hoursAgo(15 - at) }
            : { state: 'planned' as const, startAt: hoursAgo(-23) }),
      })),
    );
    const shown = (await getOverview(site.as('viewer'))).cutovers.map(({ serverName }) => serverName);
    expect(shown).toEqual(['s4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 's12', 's13']);
  });

  it('shows a new workspace what is done of its way', async () => {
    expect(await getOverview(site.as('viewer'))).toMatchObject({
      steps: { connected: true, imported: false, replicated: false, launched: false },
      begun: false,
      upcoming: { total: 0 },
    });
  });
});
