import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  artifacts,
  connectors,
  replicationRuns,
  runLog,
  servers as serversTable,
  tasks,
} from '../../../db/schema/index.ts';
import { fault } from '../../../replication/model/fault.ts';
import { confirmArtifacts, declareArtifacts } from '../artifacts/ledger.ts';
import { importCatalog } from '../catalog/import.ts';
import { createJobs } from '../jobs/create.ts';
import { listenForTasks } from '../leases/hints.ts';
import { giveBack } from '../leases/lease.ts';
import { advanceRun } from '../runs/advance.ts';
import { cancelRun } from '../runs/cancel.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { endAbandoned } from './abandon.ts';
import { checkpointTask, type Extension, extendTask } from './extend.ts';
import { type Outcome, settleTask } from './settle.ts';

let site: TestWorkspace;
let runId: string;
let servers = 0;

beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

beforeEach(async () => {
  await site.db.update(tasks).set({ state: 'cancelled' });
  // Earlier runs would take all the places that the connector has.
  await site.db.update(replicationRuns).set({ state: 'cancelled' });
  servers += 1;
  await site.importServers([catalogServer(`web-${servers}`)]);
  const [server] = await site.db
    .select()
    .from(serversTable)
    .where(eq(serversTable.name, `web-${servers}`));
  const { jobIds } = await createJobs(site.ctx, {
    servers: [{ serverId: server?.id as string }],
    settings: { everyHours: null, seedAt: null, description: '', keepImages: null },
  });
  const [run] = await site.db
    .select()
    .from(replicationRuns)
    .where(eq(replicationRuns.jobId, jobIds[0] as string));
  runId = run?.id as string;
  await advanceRun(site.ctx, runId);
});

const run = async () => (await site.db.select().from(replicationRuns).where(eq(replicationRuns.id, runId)))[0];

async function hold(holder: string, leaseSeconds?: number) {
  const [claimed] = await site.claim(holder, leaseSeconds);
  if (!claimed) throw new Error('nothing to claim');
  return { taskId: claimed.task.id, fence: claimed.task.fence, holder };
}

describe('a lease', () => {
  it('is held by one, and taken over under a higher fence only when it ran out', async () => {
    const first = await hold('a');
    expect(await site.claim('b')).toEqual([]);
    await site.db.update(tasks).set({ leaseUntil: sql`now() - interval '1 second'` }).where(eq(tasks.id, first.taskId));
    const second = await hold('b');
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  it('lets nobody who was overtaken write anything', async () => {
    const first = await hold('a');
    await site.db.update(tasks).set({ leaseUntil: sql`now() - interval '1 second'` }).where(eq(tasks.id, first.taskId));
    await hold('b');
    const { ctx, workspaceId } = site;
    expect(
      await extendTask(ctx, workspaceId, first, 30, { progress: { fraction: 0.9, note: null, disks: [] } }),
    ).toEqual({
      go: false,
      reason: 'taken over',
    });
    expect(
      await faultCode(
        declareArtifacts(ctx, workspaceId, first, [{ kind: 'nfc-lease', token: 't', diskId: null, details: {} }]),
      ),
    ).toBe('lease-lost');
    expect(await faultCode(settleTask(ctx, workspaceId, first, { ok: false, fault: fault('internal') }))).toBe(
      'lease-lost',
    );
    expect((await run())?.percent).toBe(0);
    expect(await site.db.$count(artifacts)).toBe(0);
  });

  it('belongs to nobody who names another holder, another fence, or work that has ended', async () => {
    const { ctx, db, workspaceId } = site;
    const earlier = await hold('a');
    await db.update(tasks).set({ leaseUntil: sql`now() - interval '1 second'` }).where(eq(tasks.id, earlier.taskId));
    // The same process once more: it tells its two tries apart by the fence alone.
    const held = await hold('a');
    const task = async () => (await db.select().from(tasks).where(eq(tasks.id, held.taskId)))[0];
    const refused = async (by: typeof held) => {
      expect(await faultCode(settleTask(ctx, workspaceId, by, { ok: false, fault: fault('internal') }))).toBe(
        'lease-lost',
      );
      await giveBack(db, by);
      expect(await task()).toMatchObject({ holder: 'a', leaseUntil: expect.any(Date) });
    };
    for (const other of [earlier, { ...held, holder: 'b' }, { ...held, fence: held.fence + 1 }]) await refused(other);
    await db.update(tasks).set({ state: 'cancelled' }).where(eq(tasks.id, held.taskId));
    await refused(held);
  });

  it('that is given back is told of to whoever waits for work, and claimed by another at once', async () => {
    const held = await hold('a');
    const hints = await listenForTasks(site.connectorId);
    try {
      const began = performance.now();
      await giveBack(site.db, held);
      await hints.next(15_000, new AbortController().signal);
      expect(performance.now() - began).toBeLessThan(10_000);
      expect(await hold('b')).toMatchObject({ taskId: held.taskId, fence: held.fence + 1 });
    } finally {
      hints.release();
    }
  });

  it('locks the run before the task, as whoever advances a run does: neither waits for the other for ever', async () => {
    const held = await hold('a');
    const { ctx, db, workspaceId } = site;
    let extending: Promise<Extension> | undefined;
    await db.transaction(async (tx) => {
      await tx.select().from(tasks).where(eq(tasks.id, held.taskId)).for('update');
      extending = extendTask(ctx, workspaceId, held, 30);
      const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(async () => (await db.execute(waiting)).rows.length, { timeout: 5_000 }).toBe(1);
      const run = db
        .select()
        .from(replicationRuns)
        .where(eq(replicationRuns.id, runId))
        .for('update', { noWait: true });
      await expect(run).rejects.toMatchObject({ cause: { code: '55P03' } });
    });
    expect(await extending).toEqual({ go: true, reason: null });
  });

  it('gives the same ledger row to the same token, and rows in the order of their tokens', async () => {
    const held = await hold('a');
    const declared = (what: string) =>
      ({ kind: 'vsphere-snapshot', token: `${what}-${runId}`, diskId: null, details: { name: what } }) as const;
    const declare = (...names: string[]) =>
      declareArtifacts(site.ctx, site.workspaceId, held, names.map(declared)).then((rows) => rows.map(({ id }) => id));
    const [second] = await declare('second');
    const all = await declare('first', 'second', 'third');
    expect(all[1]).toBe(second);
    expect(new Set(all).size).toBe(3);
    expect(await declare('third', 'first')).toEqual([all[2], all[0]]);

    const confirm = (...ids: (string | undefined)[]) =>
      confirmArtifacts(
        site.ctx,
        site.workspaceId,
        held,
        ids.map((id) => ({
          artifactId: id ?? '',
          state: 'created',
          externalId: `made-${id}`,
          details: { in: 'here' },
        })),
      );
    expect(await faultCode(confirm(all[0], 'artifact-of-nobody'))).toBe('not-found');
    await confirm(all[1], all[2]);
    const rows = await site.db.select().from(artifacts).where(eq(artifacts.runId, runId)).orderBy(artifacts.token);
    expect(rows.map(({ state, externalId, details, fence }) => [state, externalId, details, fence])).toEqual([
      ['declared', null, { name: 'first' }, held.fence],
      ['created', `made-${all[1]}`, { name: 'second', in: 'here' }, held.fence],
      ['created', `made-${all[2]}`, { name: 'third', in: 'here' }, held.fence],
    ]);
  });
});

describe('work that is lost again and again', () => {
  const lose = (taskId: string) =>
    site.db.update(tasks).set({ leaseUntil: sql`now() - interval '1 second'` }).where(eq(tasks.id, taskId));
  const show = (held: Awaited<ReturnType<typeof hold>>, fraction: number) =>
    extendTask(site.ctx, site.workspaceId, held, 30, { progress: { fraction, note: null, disks: [] } });

  it('ends its run in words after five holders that got no further', async () => {
    for (let holder = 1; holder <= 5; holder += 1) {
      const held = await hold(`holder-${holder}`);
      // As far as the first one, no further.
      await show(held, 0.5);
      await lose(held.taskId);
    }
    expect(await site.claim('one more')).toEqual([]);
    await advanceRun(site.ctx, runId);
    expect(await run()).toMatchObject({ state: 'failed', fault: { code: 'work-abandoned', blame: 'connector' } });
  });

  it('goes on for as long as each holder gets further than the last, or keeps what it did', async () => {
    for (let holder = 1; holder <= 12; holder += 1) {
      const held = await hold(`holder-${holder}`);
      if (holder % 3 === 0) await show(held, holder / 20);
      else if (holder === 7) await checkpointTask(site.ctx, site.workspaceId, held, { done: holder });
      await lose(held.taskId);
      await advanceRun(site.ctx, runId);
    }
    expect((await run())?.state).toBe('active');
    expect(await site.claim('one more')).toHaveLength(1);
  });

  it('ends an import of the catalog too, and its connector says why', async () => {
    await site.db.update(tasks).set({ state: 'cancelled' });
    await importCatalog(site.ctx, {});
    for (let holder = 1; holder <= 5; holder += 1) await lose((await hold(`holder-${holder}`)).taskId);
    await endAbandoned(site.ctx);
    const [connector] = await site.db.select().from(connectors);
    expect(connector).toMatchObject({ catalogState: 'failed', catalogFault: { code: 'work-abandoned' } });
    expect(await site.claim('one more')).toEqual([]);
  });
});

describe('settling', () => {
  it('tries again after a fault that says now, and gives up when the tries are used up', async () => {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const held = await hold('a');
      await settleTask(site.ctx, site.workspaceId, held, { ok: false, fault: fault('export-cut') });
      await site.db.update(tasks).set({ notBefore: sql`now()` }).where(eq(tasks.id, held.taskId));
      if (attempt < 3) expect((await run())?.waitingFor).toMatch(/Next try/);
    }
    await advanceRun(site.ctx, runId);
    expect(await run()).toMatchObject({ state: 'failed', fault: { code: 'export-cut' } });
  });

  it('waits for a site that is away: no try counts, and the time that it was away decides', async () => {
    const away = fault('vcenter-unreachable');
    const meet = async (attempt: number) => {
      const held = await hold('a');
      await settleTask(site.ctx, site.workspaceId, held, { ok: false, fault: away });
      const [task] = await site.db
        .update(tasks)
        .set({ notBefore: sql`now()` })
        .where(eq(tasks.id, held.taskId))
        .returning();
      expect(task).toMatchObject({ state: 'open', attempt });
    };
    for (let often = 0; often < 8; often += 1) await meet(1);
    const first = await run();
    expect(first?.state).toBe('active');
    expect(first?.waitingFor).toMatch(
      /cannot reach vCenter\. The run waits until it answers again, at most until \d\d:\d\d UTC\./,
    );
    const lines = await site.db.select().from(runLog).where(eq(runLog.runId, runId));
    expect(lines.filter(({ text }) => text.includes('waits until'))).toHaveLength(1);

    const back = (minutes: number) =>
      site.db
        .update(replicationRuns)
        .set({
          timeline: sql`jsonb_set(${replicationRuns.timeline}, '{check-server,awaySince}', to_jsonb(${new Date(Date.now() - minutes * 60_000).toISOString()}::text))`,
        })
        .where(eq(replicationRuns.id, runId));
    await back(29);
    await meet(1);
    await back(31);
    const held = await hold('a');
    await settleTask(site.ctx, site.workspaceId, held, { ok: false, fault: away });
    await advanceRun(site.ctx, runId);
    expect(await run()).toMatchObject({ state: 'failed', fault: { code: 'vcenter-unreachable', retry: 'later' } });
    expect((await run())?.fault?.message).toContain('The run waited for 30 minutes.');
  });

  it('fails at once after a fault that says later', async () => {
    const held = await hold('a');
    await settleTask(site.ctx, site.workspaceId, held, { ok: false, fault: fault('server-not-ready') });
    await advanceRun(site.ctx, runId);
    expect((await run())?.state).toBe('failed');
  });

  it('writes down the last news together with the end, or not at all', async () => {
    const held = await hold('a');
    const { ctx, db, workspaceId } = site;
    const declared = { kind: 'nfc-lease' as const, token: `lease-${runId}`, diskId: null, details: {} };
    const [lease] = await declareArtifacts(ctx, workspaceId, held, [declared]);
    const told = async () => {
      const lines = await db.select().from(runLog).where(eq(runLog.runId, runId));
      const [row] = await db
        .select()
        .from(artifacts)
        .where(eq(artifacts.id, lease?.id ?? ''));
      return { said: lines.some(({ text }) => text === 'The last word.'), state: row?.state };
    };
    const news = {
      lines: [{ at: new Date().toISOString(), level: 'info' as const, text: 'The last word.' }],
      confirmed: [{ artifactId: lease?.id ?? '', state: 'released' as const, externalId: null }],
    };
    const settle = (outcome: Outcome) => settleTask(ctx, workspaceId, held, outcome, news);
    expect(await faultCode(settle({ ok: true, result: { nonsense: 1 } }))).toBe('input-invalid');
    expect(await told()).toEqual({ said: false, state: 'declared' });
    await settle({ ok: false, fault: fault('server-not-ready') });
    expect(await told()).toEqual({ said: true, state: 'released' });
  });

  it('refuses a result of the wrong shape and keeps the lease', async () => {
    const held = await hold('a');
    expect(await faultCode(settleTask(site.ctx, site.workspaceId, held, { ok: true, result: { nonsense: 1 } }))).toBe(
      'input-invalid',
    );
    expect((await extendTask(site.ctx, site.workspaceId, held, 30)).go).toBe(true);
  });

  it('never lets the percentage go back', async () => {
    const held = await hold('a');
    await extendTask(site.ctx, site.workspaceId, held, 30, { progress: { fraction: 1, note: null, disks: [] } });
    const high = (await run())?.percent;
    await extendTask(site.ctx, site.workspaceId, held, 30, { progress: { fraction: 0.1, note: null, disks: [] } });
    expect((await run())?.percent).toBe(high);
  });
});

describe('cancelling', () => {
  it('is heard by the holder, and ends the run when the holder has settled', async () => {
    const held = await hold('a');
    await cancelRun(site.as('operator'), { runId });
    expect(await extendTask(site.ctx, site.workspaceId, held, 30)).toEqual({ go: false, reason: 'cancelled' });
    await settleTask(site.ctx, site.workspaceId, held, { ok: false, fault: fault('cancelled') });
    await advanceRun(site.ctx, runId);
    expect((await run())?.state).toBe('cancelled');
    expect(await faultCode(cancelRun(site.as('operator'), { runId })), 'asked twice, done once').toBe('none');
    await site.db.update(replicationRuns).set({ state: 'completed' }).where(eq(replicationRuns.id, runId));
    expect(await faultCode(cancelRun(site.as('operator'), { runId }))).toBe('conflict');
  });

  it('ends a run at once whose step nobody holds', async () => {
    await cancelRun(site.as('operator'), { runId });
    await advanceRun(site.ctx, runId);
    expect((await run())?.state).toBe('cancelled');
  });

  it('is refused to a viewer', async () => {
    expect(await faultCode(cancelRun(site.as('viewer'), { runId }))).toBe('permission-denied');
    expect((await run())?.cancelRequestedAt).toBeNull();
  });
});
