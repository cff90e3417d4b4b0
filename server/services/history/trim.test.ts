// History is trimmed by its rule, and nothing that is still needed goes with it.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import {
  artifacts,
  attempts,
  audit,
  baselines,
  cutovers,
  events,
  images,
  replicationRuns,
  runLog,
  servers,
  tasks,
} from '../../../db/schema/index.ts';
import { fault } from '../../../replication/model/fault.ts';
import { createJobs } from '../jobs/create.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';
import { trimHistory } from './trim.ts';

const DAYS = 90;
const NAMES = ['old', 'recent', 'measured', 'left', 'open', 'revoked', 'cleared'];
let site: TestWorkspace;
const runs: Record<string, { id: string; jobId: string }> = {};
const daysAgo = (days: number) => sql`now() - make_interval(days => ${days}::int)`;
const DISK = { capacityBytes: 1, manifestKey: 'm', digestRoot: 'd', digestPrefixes: [], pointInTime: new Date() };

beforeAll(async () => {
  site = await testWorkspace();
  await site.importServers(NAMES.map((name) => catalogServer(name)));
  const rows = await site.db.select({ serverId: servers.id }).from(servers);
  const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
  await createJobs(site.ctx, { servers: rows, settings });
  await site.db.update(tasks).set({ endedAt: daysAgo(2) });
  for (const { id, jobId, serverName } of await site.db.select().from(replicationRuns)) {
    runs[serverName] = { id, jobId };
    await site.db
      .insert(runLog)
      .values([1, 2, 3].map((at) => ({ runId: id, level: 'info' as const, text: `${at}`, at: daysAgo(100) })));
    const task = { workspaceId: site.workspaceId, kind: 'step' as const, place: 'cloud' as const, runId: id };
    await site.db
      .insert(tasks)
      .values({ ...task, id: newId.task(), stepId: 'verify', state: 'done', endedAt: daysAgo(100) });
    if (serverName === 'open') {
      await site.db
        .update(replicationRuns)
        .set({ createdAt: daysAgo(200) })
        .where(eq(replicationRuns.id, id));
      continue;
    }
    // Its connector has not laid it down yet.
    if (serverName === 'cleared')
      await site.db.insert(tasks).values({ ...task, id: newId.task(), stepId: 'copy-disks', place: 'connector' });
    const endedAt = daysAgo(serverName === 'recent' ? DAYS - 1 : DAYS + 1);
    await site.db
      .update(replicationRuns)
      .set({ state: 'failed', fault: fault('internal'), endedAt })
      .where(eq(replicationRuns.id, id));
  }
  const { workspaceId } = site;
  const ledger = (name: string, state: 'created' | 'released', kind: 'digest-set' | 'ebs-snapshot', more = {}) => {
    const id = newId.artifact();
    const released = state === 'released' ? { releasedAt: daysAgo(name === 'recent' ? DAYS - 1 : DAYS + 1) } : {};
    return {
      id,
      workspaceId,
      runId: runs[name]?.id as string,
      kind,
      token: `${name}-${state}-${kind}`,
      state,
      fence: 1,
      details: {},
      createdAt: daysAgo(100),
      ...released,
      ...more,
    };
  };
  await site.db.insert(artifacts).values([
    ledger('old', 'released', 'ebs-snapshot'),
    ledger('recent', 'released', 'ebs-snapshot'),
    ledger('measured', 'released', 'ebs-snapshot'),
    ledger('measured', 'created', 'digest-set'),
    ledger('left', 'created', 'ebs-snapshot', { releaseFault: fault('snapshot-in-use'), releaseAttempts: 6 }),
    // Could not be removed for a while, and is gone by now.
    ledger('cleared', 'released', 'ebs-snapshot', {
      ...{ releaseFault: fault('snapshot-in-use'), releaseAttempts: 6 },
      releasedAt: daysAgo(1),
    }),
  ]);
  await site.db.insert(baselines).values(
    ['measured', 'revoked'].map((name) => ({
      ...DISK,
      jobId: runs[name]?.jobId as string,
      diskId: 'd',
      workspaceId,
      runId: runs[name]?.id as string,
      snapshotId: 'snap-1',
      revokedAt: name === 'revoked' ? new Date() : null,
    })),
  );
  await site.db.insert(images).values({
    id: 'ami-1',
    workspaceId,
    jobId: runs.old?.jobId as string,
    runId: runs.old?.id as string,
    name: 'old',
    method: 'register-image',
    snapshotIds: [],
    pointInTime: new Date(),
  });
  await site.db.insert(events).values([
    { workspaceId, topic: 'old', kind: 'changed', at: daysAgo(8) },
    { workspaceId, topic: 'kept', kind: 'changed', at: daysAgo(6) },
    { workspaceId, topic: 'old', kind: 'progress', at: sql`now() - interval '61 minutes'` },
    { workspaceId, topic: 'kept', kind: 'progress', at: sql`now() - interval '59 minutes'` },
  ]);
});
afterAll(() => site.close());

/** Work of no run that ended so many hours ago. */
async function ended(hours: number, of: Partial<typeof tasks.$inferInsert>, count = 1): Promise<void> {
  await site.db.insert(tasks).values(
    Array.from({ length: count }, () => ({
      ...{ id: newId.task(), workspaceId: site.workspaceId, place: 'connector' as const, state: 'done' as const },
      ...{ kind: 'power' as const, endedAt: sql`now() - make_interval(hours => ${hours}::int)` },
      ...of,
    })),
  );
}

const lines = (name: string) => site.db.$count(runLog, eq(runLog.runId, runs[name]?.id as string));
const steps = (name: string) => site.db.$count(tasks, eq(tasks.runId, runs[name]?.id as string));
const kept = async (count: (name: string) => Promise<number>) => {
  const counts = await Promise.all(NAMES.map(count));
  return NAMES.filter((_, at) => (counts[at] as number) > 0);
};

it('takes away what is old and over, and keeps what is measured from, left over, or goes on', async () => {
  const audited = await site.db.$count(audit);
  for (const id of ['goes-on', 'is-over'])
    await site.db.insert(cutovers).values({
      ...{ id, workspaceId: site.workspaceId, jobId: runs.old?.jobId as string, serverName: 'old', createdBy: 'me' },
      ...{ state: id === 'is-over' ? 'finished' : 'active', step: 'check', options: {} as never },
      ...{ startedAt: daysAgo(9), endedAt: id === 'is-over' ? daysAgo(8) : null },
    });
  await ended(48, { cutoverId: 'goes-on' });
  await ended(48, { cutoverId: 'is-over' });
  await ended(12, { stepId: null });
  expect([await kept(lines), await kept(steps)]).toEqual([NAMES, NAMES]);
  for (let turn = 0; turn < 2; turn += 1) await trimHistory(site.ctx, DAYS);
  const stay = ['recent', 'measured', 'left', 'open'];
  expect([await kept(lines), await kept(steps)]).toEqual([stay, [...stay, 'cleared']]);
  const ledger = await site.db.select({ token: artifacts.token }).from(artifacts).orderBy(artifacts.token);
  expect(ledger.map(({ token }) => token)).toEqual([
    'cleared-released-ebs-snapshot',
    'left-created-ebs-snapshot',
    'measured-created-digest-set',
    'recent-released-ebs-snapshot',
  ]);
  expect(await site.db.$count(events, eq(events.topic, 'old'))).toBe(0);
  expect(await site.db.$count(events, eq(events.topic, 'kept'))).toBe(2);
  expect(await site.db.$count(tasks, eq(tasks.kind, 'import-catalog')), 'of no run').toBe(0);
  const power = await site.db.select({ of: tasks.cutoverId }).from(tasks).where(eq(tasks.kind, 'power'));
  expect(power.map(({ of }) => of).sort()).toEqual(['goes-on', null]);
  expect(await site.db.$count(replicationRuns)).toBe(NAMES.length);
  expect(await site.db.$count(images)).toBe(1);
  expect(await site.db.$count(audit)).toBe(audited);
});

it('takes it away a day after it was needed last, and by the days that are set', async () => {
  await site.db.delete(baselines);
  await trimHistory(site.ctx, DAYS);
  expect(await lines('measured'), 'looked at once a day').toBe(3);
  await site.db
    .update(replicationRuns)
    .set({ trimAfter: daysAgo(DAYS + 1) })
    .where(eq(replicationRuns.serverName, 'measured'));
  await trimHistory(site.ctx, DAYS);
  expect(await lines('measured')).toBe(0);
  await trimHistory(site.ctx, DAYS - 2);
  expect(await kept(lines)).toEqual(['left', 'open']);
});

it('takes away in one turn what many batches hold, and looks at no run twice', async () => {
  const { db, workspaceId } = site;
  await db
    .insert(runLog)
    .values({ runId: runs.old?.id as string, level: 'info', text: 'written after all', at: daysAgo(100) });
  await ended(48, {}, 401);
  await db.execute(sql`insert into events (workspace_id, topic, kind, at) select ${workspaceId}, 'old', 'changed', now() - interval '8 days'
    from generate_series(1, 401)`);
  await db.execute(sql`
    insert into replication_runs (id, workspace_id, target_id, target_revision, job_id, connector_id, server_name, type, state, settings, step,
      scheduled_for, ended_at)
    select 'sms-run-' || n, workspace_id, target_id, target_revision, job_id, connector_id, server_name, type, 'completed', settings, step,
      scheduled_for, now() - interval '300 days'
    from replication_runs, generate_series(1, 41) n where id = ${runs.old?.id}`);
  await db.execute(
    sql`insert into run_log (run_id, level, text) select id, 'info', 'x' from replication_runs where id like 'sms-run-__' or id like 'sms-run-_'`,
  );
  await trimHistory(site.ctx, DAYS);
  expect(await db.$count(tasks, sql`kind = 'power' and cutover_id is null`)).toBe(1);
  expect(await db.$count(events, eq(events.topic, 'old'))).toBe(0);
  expect(await db.$count(runLog, eq(runLog.text, 'x'))).toBe(0);
  expect(await lines('old')).toBe(1);
});

it('takes away the counts of tries that are long over', async () => {
  const inHours = (hours: number) => Date.now() + hours * 3_600_000;
  await site.db.insert(attempts).values([
    { key: 'signature:old', points: 1, expire: inHours(-2) },
    { key: 'signature:good', points: 1, expire: inHours(0.1) },
    { key: 'known:old', points: 1, expire: inHours(-2) },
    { key: 'known:good', points: 1, expire: inHours(24 * 90) },
  ]);
  await trimHistory(site.ctx, DAYS);
  const left = await site.db.select({ key: attempts.key }).from(attempts);
  expect(left.map(({ key }) => key).sort()).toEqual(['known:good', 'signature:good']);
});
