import { eq, sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import {
  connectors,
  images,
  instances,
  replicationJobs,
  replicationRuns,
  servers,
  type TallyName,
  tallies,
  workspaces,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { createJobs } from '../jobs/create.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';
import { foldTallies, wrongTallies } from './keep.ts';
import { fiveMinutes, hourBucket, hourOfBucket, readTallies } from './read.ts';

let site: TestWorkspace;
beforeEach(async () => {
  site = await testWorkspace();
});
afterEach(() => site.close());

const NAMES = [
  'servers',
  'servers-present',
  'jobs',
  'jobs-of-connector',
  'jobs-ever',
  'jobs-latest-image',
  'jobs-without-image',
  'jobs-next-run',
  'runs',
  'runs-of-connector',
  'runs-ended',
  'images',
  'instances',
  'instances-launched',
] as const satisfies TallyName[];

/** What is counted now, without what is zero: `{ jobs: { pending: 2 } }`. */
async function kept(workspaceId = site.workspaceId): Promise<Record<string, Record<string, number>>> {
  const read = await readTallies(site.db, workspaceId, NAMES);
  const named = NAMES.map((name) => {
    const buckets = read.buckets(name).filter(({ count }) => count !== 0);
    return [name, Object.fromEntries(buckets.map(({ bucket, count }) => [bucket, count]))] as const;
  });
  return Object.fromEntries(named.filter(([, buckets]) => Object.keys(buckets).length > 0));
}

const server = async (name: string) =>
  (await site.db.select().from(servers).where(eq(servers.name, name)))[0] as typeof servers.$inferSelect;

async function jobOf(name: string, everyHours: number | null = null): Promise<string> {
  const settings = { everyHours, seedAt: null, description: '', keepImages: null };
  const { jobIds } = await createJobs(site.as('operator'), {
    servers: [{ serverId: (await server(name)).id }],
    settings,
  });
  return jobIds[0] as string;
}

async function another(workspaceId: WorkspaceId, connectorId: string): Promise<void> {
  const [known] = await site.db.select().from(connectors);
  if (!known) throw new Error('no connector');
  await site.db.insert(connectors).values({ ...known, id: connectorId, workspaceId, tokenHash: connectorId });
}

describe('what a change counts as', () => {
  it('servers: found, gone, found again, blocked, cleared, removed, moved to another connector', async () => {
    const { connectorId } = site;
    await site.importServers([catalogServer('a'), catalogServer('b')]);
    expect(await kept()).toEqual({ servers: { [connectorId]: 2 }, 'servers-present': { ready: 2 } });
    await site.importServers([catalogServer('b')]);
    expect(await kept()).toEqual({ servers: { [connectorId]: 2 }, 'servers-present': { ready: 1 } });
    const finding = { code: 'x', level: 'blocking' as const, title: 't', why: 'w', remedy: 'r' };
    await site.importServers([catalogServer('a', { findings: [finding] }), catalogServer('b')]);
    expect(await kept()).toMatchObject({ 'servers-present': { ready: 1, blocked: 1 } });
    await another(site.workspaceId, 'c-other');
    const a = await server('a');
    await site.db.update(servers).set({ connectorId: 'c-other' }).where(eq(servers.id, a.id));
    expect(await kept()).toMatchObject({ servers: { [connectorId]: 1, 'c-other': 1 } });
    await site.db.update(servers).set({ clearedAt: new Date() }).where(eq(servers.id, a.id));
    expect(await kept()).toEqual({ servers: { [connectorId]: 1 }, 'servers-present': { ready: 1 } });
    await site.db.delete(servers);
    expect(await kept()).toEqual({});
    expect(await wrongTallies(site.db)).toEqual([]);
  });

  it('jobs: created, with a schedule, of another state, with a newer AMI, deleted', async () => {
    const { connectorId } = site;
    await site.importServers([catalogServer('a'), catalogServer('b')]);
    const [a, b] = [await jobOf('a', 12), await jobOf('b')];
    const [row] = await site.db.select().from(replicationJobs).where(eq(replicationJobs.id, a));
    const hour = hourBucket(row?.nextRunAt?.getTime() ?? 0);
    expect(await kept()).toMatchObject({
      jobs: { pending: 2 },
      'jobs-of-connector': { [connectorId]: 2 },
      'jobs-ever': { '': 2 },
      'jobs-without-image': { '': 2 },
      'jobs-next-run': { [`${hour}/12`]: 1 },
    });
    const set = (id: string, values: Partial<typeof replicationJobs.$inferInsert>) =>
      site.db.update(replicationJobs).set(values).where(eq(replicationJobs.id, id));
    await set(a, { everyHours: 1, latestImageAt: new Date('2026-03-01T12:04:59.999Z') });
    await set(b, { nextRunAt: new Date('2026-03-01T12:59:59Z'), latestImageAt: new Date('2026-03-01T12:05:00Z') });
    expect(await kept()).toMatchObject({
      'jobs-next-run': { [`${hour}/1`]: 1, '2026-03-01T12/once': 1 },
      'jobs-latest-image': { '2026-03-01T12:00': 1, '2026-03-01T12:05': 1 },
    });
    expect(Object.keys(await kept())).not.toContain('jobs-without-image');
    await set(a, { state: 'paused' });
    expect(await kept()).toMatchObject({
      jobs: { paused: 1, pending: 1 },
      'jobs-next-run': { '2026-03-01T12/once': 1 },
    });
    await set(a, { state: 'deleted', deletedAt: new Date() });
    expect(await kept()).toMatchObject({
      jobs: { pending: 1 },
      'jobs-ever': { '': 2 },
      'jobs-latest-image': { '2026-03-01T12:05': 1 },
    });
    expect(await wrongTallies(site.db)).toEqual([]);
    await site.db.delete(replicationRuns);
    await site.db.delete(replicationJobs);
    expect(Object.keys(await kept())).toEqual(['servers', 'servers-present']);
  });

  it('runs: pending, active, ended with their bytes, removed', async () => {
    await site.importServers([catalogServer('a')]);
    const jobId = await jobOf('a');
    const set = (values: object) => site.db.update(replicationRuns).set(values).where(eq(replicationRuns.jobId, jobId));
    expect((await kept()).runs).toEqual({ pending: 1 });
    await set({ state: 'active', startedAt: new Date() });
    expect(await kept()).toMatchObject({ runs: { active: 1 }, 'runs-of-connector': { [site.connectorId]: 1 } });
    const disk = (bytesRead: number, bytesSent: number) => ({ id: 'd', bytesRead, bytesSent });
    await set({ results: { 'copy-disks': { disks: [disk(5_000_000_000, 3), disk(70, 4)] } } });
    await set({ state: 'completed', endedAt: new Date('2026-03-01T12:59:59.999Z') });
    expect(await kept()).not.toMatchObject({ runs: expect.anything() });
    const ended = async () => (await readTallies(site.db, site.workspaceId, ['runs-ended'])).buckets('runs-ended');
    const once = { bucket: '2026-03-01T12/completed', count: 1, readBytes: 5_000_000_070, sentBytes: 7 };
    expect(await ended()).toEqual([once]);
    await foldTallies(site.ctx);
    expect(await ended()).toEqual([once]);
    expect(await wrongTallies(site.db)).toEqual([]);
    await site.db.delete(replicationRuns);
    expect((await kept())['runs-ended']).toBeUndefined();
    expect(await wrongTallies(site.db)).toEqual([]);
  });

  it('AMIs and instances: made, deregistered, launched, running, terminated', async () => {
    await site.importServers([catalogServer('a')]);
    const jobId = await jobOf('a');
    const [run] = await site.db.select().from(replicationRuns);
    const { workspaceId } = site;
    const of = { workspaceId, jobId, runId: run?.id as string, name: 'a' };
    const image = { ...of, method: 'register-image' as const, snapshotIds: [], pointInTime: new Date() };
    await site.db.insert(images).values([
      { ...image, id: 'ami-1' },
      { ...image, id: 'ami-2' },
    ]);
    await site.db.update(images).set({ deregisteredAt: new Date() }).where(eq(images.id, 'ami-1'));
    expect((await kept()).images).toEqual({ live: 1, deregistered: 1 });
    await site.db.insert(instances).values({
      ...of,
      id: 'launch-1',
      imageId: 'ami-2',
      purpose: 'test',
      input: {} as never,
      state: 'launching',
      launchedBy: 'x',
    });
    expect(await kept()).toMatchObject({ instances: { launching: 1 } });
    await site.db.update(instances).set({ instanceId: 'i-1', state: 'running' });
    expect(await kept()).toMatchObject({ instances: { running: 1 }, 'instances-launched': { '': 1 } });
    await site.db.update(instances).set({ state: 'terminated' });
    expect(await kept()).toMatchObject({ instances: { terminated: 1 }, 'instances-launched': { '': 1 } });
    expect(await wrongTallies(site.db)).toEqual([]);
  });

  it('belongs to its workspace', async () => {
    const workspaceId = newId.workspace();
    await site.db.insert(workspaces).values({ id: workspaceId, name: 'Other' });
    await another(workspaceId, 'c-theirs');
    await site.importServers([catalogServer('a')]);
    const a = await server('a');
    await site.db
      .insert(servers)
      .values({ ...a, id: 's-theirs', workspaceId, connectorId: 'c-theirs', readiness: 'blocked' });
    await foldTallies(site.ctx);
    expect(await kept()).toEqual({ servers: { [site.connectorId]: 1 }, 'servers-present': { ready: 1 } });
    expect(await kept(workspaceId)).toEqual({ servers: { 'c-theirs': 1 }, 'servers-present': { blocked: 1 } });
    expect(await wrongTallies(site.db)).toEqual([]);
  });

  it('names buckets as SQL does', async () => {
    for (const at of [0, 1, 299_999, 300_000, 1_793_000_123_456, Date.parse('2026-03-29T01:30:00Z')]) {
      const { rows } = await site.db.execute(
        sql`select utc_hour(${new Date(at).toISOString()}) as hour, utc_five_minutes(${new Date(at).toISOString()}) as five`,
      );
      expect(rows).toEqual([{ hour: hourBucket(at), five: fiveMinutes(at).bucket }]);
      expect(hourOfBucket(hourBucket(at))).toBe(Math.floor(at / 3_600_000) * 3_600_000);
    }
  });
});

describe('keeping the counts', () => {
  const rows = () => site.db.$count(tallies);
  const changes = () => site.db.$count(tallies, sql`not folded`);

  it('folds to one row a bucket, and drops those of nothing', async () => {
    await site.importServers(['a', 'b', 'c'].map((name) => catalogServer(name)));
    const jobId = await jobOf('a');
    const state = async (state: 'active' | 'pending') =>
      site.db.update(replicationJobs).set({ state }).where(eq(replicationJobs.id, jobId));
    for (let turn = 0; turn < 5; turn += 1) {
      await state('active');
      await foldTallies(site.ctx);
      await state('pending');
    }
    expect(await changes()).toBeGreaterThan(0);
    const before = await kept();
    expect(await foldTallies(site.ctx)).toBe(2);
    expect(await kept()).toEqual(before);
    expect(await changes()).toBe(0);
    expect(await rows()).toBe(Object.values(before).flatMap((buckets) => Object.keys(buckets)).length);
    expect(await foldTallies(site.ctx)).toBe(0);
  });

  it('folds more than one statement takes', async () => {
    await site.importServers([catalogServer('a')]);
    await site.db.execute(
      sql`insert into tallies (workspace_id, name, bucket, count, read_bytes, sent_bytes) select ${site.workspaceId}, 'images', (at % 7)::text, 1, 0, 0 from generate_series(1, 3500) at`,
    );
    await foldTallies(site.ctx);
    expect(await changes()).toBe(0);
    expect((await readTallies(site.db, site.workspaceId, ['images'])).count('images')).toBe(3500);
    await site.db.execute(sql`select recount_tallies()`);
    expect(await wrongTallies(site.db)).toEqual([]);
  });

  it('counts a change once, whatever is folded and recounted between the change and its commit', async () => {
    await site.importServers([catalogServer('a'), catalogServer('b')]);
    const jobId = await jobOf('a');
    await foldTallies(site.ctx);
    await site.db.transaction(async (tx) => {
      await tx.update(replicationJobs).set({ state: 'active' }).where(eq(replicationJobs.id, jobId));
      await tx.update(servers).set({ goneAt: new Date() });
      await foldTallies(site.ctx);
      await site.db.execute(sql`select recount_tallies()`);
      expect(await kept()).toMatchObject({ jobs: { pending: 1 }, 'servers-present': { ready: 2 } });
    });
    expect((await kept()).jobs).toEqual({ active: 1 });
    await foldTallies(site.ctx);
    expect(await wrongTallies(site.db)).toEqual([]);
  });

  it('leaves a fold that goes on alone: another has nothing to do, and a recount waits', async () => {
    await site.importServers([catalogServer('a')]);
    const recounting = await site.db.transaction(async (tx) => {
      await tx.execute(sql`select fold_tallies(1000)`);
      await site.db.update(servers).set({ readiness: 'warnings' });
      expect(await foldTallies(site.ctx)).toBe(0);
      // Begun now: a query of Drizzle's is sent when somebody waits for it.
      const recount = Promise.resolve(site.db.execute(sql`select recount_tallies()`));
      const waits = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query = 'select recount_tallies()'`;
      await expect.poll(async () => (await site.db.execute(waits)).rowCount, { timeout: 15_000 }).toBe(1);
      return { recount };
    });
    await recounting.recount;
    expect(await wrongTallies(site.db)).toEqual([]);
  });

  it('says what is wrong, and a recount sets it right', async () => {
    await site.importServers([catalogServer('a')]);
    await site.db.transaction(async (tx) => {
      await tx.execute(sql`set local session_replication_role = replica`);
      await tx.update(servers).set({ readiness: 'blocked' });
    });
    expect(await wrongTallies(site.db)).toEqual([
      `${site.workspaceId} servers-present blocked: kept, 1 0 0 counted`,
      `${site.workspaceId} servers-present ready: 1 0 0 kept, counted`,
    ]);
    await site.db.execute(sql`select recount_tallies()`);
    expect(await wrongTallies(site.db)).toEqual([]);
    expect(await changes()).toBe(0);
  });

  it('holds while eight write, two fold and some recount at the same time', { timeout: 60_000 }, async () => {
    const WRITERS = 8;
    const names = Array.from({ length: WRITERS }, (_, at) => `w${at}`);
    await site.importServers(names.map((name) => catalogServer(name)));
    const jobs = await Promise.all(names.map((name) => jobOf(name, 6)));
    let writing = true;
    const writer = async (me: number) => {
      for (let turn = 0; turn < 40; turn += 1) {
        await site.db.transaction(async (tx) => {
          // Each its own rows, all the same buckets, every other one in the other order.
          const jobId = jobs[me] as string;
          const parts = [
            () =>
              tx
                .update(replicationJobs)
                .set({
                  state: turn % 2 ? 'active' : 'failing',
                  latestImageAt: new Date(1_790_000_000_000 + turn * 200_000),
                })
                .where(eq(replicationJobs.id, jobId)),
            () =>
              tx
                .update(replicationRuns)
                .set(turn % 3 ? { state: 'active', endedAt: null } : { state: 'failed', endedAt: new Date() })
                .where(eq(replicationRuns.jobId, jobId)),
            () =>
              tx
                .update(servers)
                .set({ goneAt: turn % 2 ? new Date() : null })
                .where(eq(servers.name, names[me] as string)),
          ];
          for (const part of me % 2 ? parts : parts.reverse()) await part();
          if (turn % 7 === 6) await tx.execute(sql`select pg_sleep(0.005)`);
        });
      }
    };
    const folder = async (work: () => Promise<unknown>) => {
      while (writing) await work();
    };
    const keepers = [
      folder(() => foldTallies(site.ctx)),
      folder(() => foldTallies(site.ctx)),
      ...Array.from({ length: 5 }, () => site.db.execute(sql`select recount_tallies()`)),
    ];
    await Promise.all(names.map((_, me) => writer(me))).finally(() => {
      writing = false;
    });
    await Promise.all(keepers);
    expect(await wrongTallies(site.db)).toEqual([]);
    await foldTallies(site.ctx);
    expect(await wrongTallies(site.db)).toEqual([]);
    expect(await changes()).toBe(0);
  });
});
