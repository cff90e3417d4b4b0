// History is trimmed by its rule, and nothing that is still needed goes with it.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import {
  artifacts,
  audit,
  baselines,
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
const NAMES = ['old', 'recent', 'measured', 'left', 'open'];
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
    if (serverName === 'open') continue;
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
  await site.db
    .insert(artifacts)
    .values([
      ledger('old', 'released', 'ebs-snapshot'),
      ledger('recent', 'released', 'ebs-snapshot'),
      ledger('measured', 'released', 'ebs-snapshot'),
      ledger('measured', 'created', 'digest-set'),
      ledger('left', 'created', 'ebs-snapshot', { releaseFault: fault('snapshot-in-use'), releaseAttempts: 6 }),
    ]);
  await site.db.insert(baselines).values({
    ...DISK,
    jobId: runs.measured?.jobId as string,
    diskId: 'd',
    workspaceId,
    runId: runs.measured?.id as string,
    snapshotId: 'snap-1',
  });
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

const lines = (name: string) => site.db.$count(runLog, eq(runLog.runId, runs[name]?.id as string));
const steps = (name: string) => site.db.$count(tasks, eq(tasks.runId, runs[name]?.id as string));
const kept = async (count: (name: string) => Promise<number>) => {
  const counts = await Promise.all(NAMES.map(count));
  return NAMES.filter((_, at) => (counts[at] as number) > 0);
};

it('takes away what is old and over, and keeps what is measured from, left over, or goes on', async () => {
  const audited = await site.db.$count(audit);
  expect([await kept(lines), await kept(steps)]).toEqual([NAMES, NAMES]);
  for (let turn = 0; turn < 2; turn += 1) await trimHistory(site.ctx, DAYS);
  const stay = ['recent', 'measured', 'left', 'open'];
  expect([await kept(lines), await kept(steps)]).toEqual([stay, stay]);
  const ledger = await site.db.select({ token: artifacts.token }).from(artifacts).orderBy(artifacts.token);
  expect(ledger.map(({ token }) => token)).toEqual([
    'left-created-ebs-snapshot',
    'measured-created-digest-set',
    'recent-released-ebs-snapshot',
  ]);
  expect(await site.db.$count(events, eq(events.topic, 'old'))).toBe(0);
  expect(await site.db.$count(events, eq(events.topic, 'kept'))).toBe(2);
  expect(await site.db.$count(tasks, eq(tasks.kind, 'import-catalog')), 'of no run').toBe(0);
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
