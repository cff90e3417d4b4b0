import { and, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replicationJobs, replicationRuns, servers } from '../../db/schema/index.ts';
import { listJobs } from './jobs/list.ts';
import { type ListPage, type ListQuery, listQuerySchema, NUMBERED_ROWS } from './list-page.ts';
import { listRuns } from './runs/list.ts';
import { listServers } from './servers/list.ts';
import { type TestWorkspace, testWorkspace } from './testing.ts';
import { fillFleet } from './testing-fleet.ts';

/** Enough to find every row by hand, and more than have page numbers. */
const SOME = 700;
const MANY = 10_200;

let small: TestWorkspace;
let large: TestWorkspace;
let site: TestWorkspace;

async function filled(size: number): Promise<TestWorkspace> {
  const made = await testWorkspace();
  const { db, workspaceId, connectorId } = made;
  await fillFleet(db, { workspaceId, connectorId, size });
  // A column with many equal values and many rows without one.
  await db.execute(
    sql`update replication_runs set image_id = 'ami-' || length(id) where right(id, 1) in ('1', '2', '3')`,
  );
  // Names that are the same but for their case; the last begins with the sign of Kelvin.
  await db.execute(sql`update replication_runs set server_name = (array['kilo', 'KILO', 'Kilo-7', '\u212ailo'])[cast(right(id, 1) as int) - 3]
    where id like '%5_' and right(id, 1) in ('4', '5', '6', '7')`);
  await db.transaction(async (tx) => {
    await tx.execute(sql`set local session_replication_role = replica`);
    // A neighbour's, of the very same words: no list may show them.
    await tx.execute(sql`insert into workspaces (id, name) values ('ws-next-door', 'Next door')`);
    await tx.execute(
      sql`insert into replication_runs (id, workspace_id, target_id, target_revision, job_id, connector_id, server_name, type, state,
          settings, step, scheduled_for, started_at, ended_at, image_id)
        select id || '-x', 'ws-next-door', target_id, target_revision, job_id, connector_id, server_name, type, state, settings, step,
          scheduled_for, started_at, ended_at, image_id
        from replication_runs where right(id, 1) in ('0', '7') and ended_at is not null`,
    );
    await tx.execute(sql`update replication_jobs set deleted_at = now() where id = 'sms-job-171'`);
  });
  await db.execute(sql`vacuum analyze replication_runs`);
  return made;
}
beforeAll(async () => {
  small = await filled(SOME);
  large = await filled(MANY);
  site = small;
}, 180_000);
afterAll(async () => {
  await small.close();
  await large.close();
});

const all: ListQuery = { page: 1, pageSize: 100, cursor: null, sort: null, filter: { operation: 'and', tokens: [] } };
type Token = ListQuery['filter']['tokens'][number];
const token = (text: string): Token => {
  const [, property, operator, value] = /^([A-Za-z]*)(!=|!:|!\^|>=|<=|=|:|\^|>|<)(.*)$/.exec(text) ?? [];
  return { ...(property ? { property } : {}), operator: operator as Token['operator'], value: value ?? '' };
};
const filter = (...texts: string[]): ListQuery['filter'] => ({ operation: 'and', tokens: texts.map(token) });
const runs = (query: Partial<ListQuery>) => listRuns(site.as('viewer'), { ...all, ...query });
const ids = (page: ListPage<{ id: string }>) => page.items.map(({ id }) => id);

const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

/** The ids of runs as SQL without an index's help orders them. */
async function expected(by: string, descending: boolean, where = 'true'): Promise<string[]> {
  const { rows } = await site.db.execute<{ id: string }>(
    sql.raw(
      `select id from replication_runs where workspace_id = '${site.workspaceId}' and (${where}) order by ${by} ${descending ? 'desc' : 'asc'} nulls last, id ${descending ? 'desc' : 'asc'}`,
    ),
  );
  return rows.map(({ id }) => id);
}

/** Every page from the first on by cursor, then all the way back. */
async function there(query: Partial<ListQuery>, most = Number.POSITIVE_INFINITY) {
  const forward: string[][] = [];
  const backward: string[][] = [];
  const counts: { total: number; more: boolean }[] = [];
  const ask = async (place: Partial<ListQuery>) => {
    const page = await runs({ ...query, ...place });
    counts.push({ total: page.total, more: page.more });
    return page;
  };
  let page = await ask({});
  expect(page.previous).toBeNull();
  forward.push(ids(page));
  while (page.next && forward.length < most) {
    page = await ask({ page: 999, cursor: page.next });
    forward.push(ids(page));
  }
  while (page.previous) {
    page = await ask({ page: 7, cursor: page.previous });
    backward.unshift(ids(page));
  }
  // There again from the beginning that was come back to.
  if (page.next) backward.push(ids(await ask({ cursor: page.next })));
  return { forward, backward, counts };
}

describe('pages of a list', () => {
  const orders = [
    ['scheduledFor', 'scheduled_for'],
    ['image', 'image_id'],
    ['duration', 'duration_seconds'],
    ['state', 'state'],
    ['id', 'id'],
  ] as const;
  for (const descending of [false, true]) {
    it.each(orders)(
      `are the same by number and by cursor, there and back: %s, ${descending}`,
      async (by, column) => {
        const sort = { by, descending };
        const rows = await expected(column, descending);
        for (const number of [1, 2, 40, 100]) {
          const page = await runs({ sort, page: number });
          expect(ids(page)).toEqual(rows.slice((number - 1) * 100, number * 100));
        }
        const { forward, backward } = await there({ sort });
        expect(forward.flat()).toEqual(rows);
        expect(backward).toEqual([...forward.slice(0, -1), ...forward.slice(1, 2)]);
      },
      120_000,
    );
  }

  it('have numbers up to the first ten thousand rows, and the total says that there are more', async () => {
    site = large;
    const sort = { by: 'id', descending: false };
    const last = await runs({ sort, page: NUMBERED_ROWS / 100 });
    expect(last).toMatchObject({ total: NUMBERED_ROWS, more: true, next: expect.any(String) });
    expect(ids(await runs({ sort, page: 1_000_000 }))).toEqual(ids(last));
    const after = await runs({ sort, page: 101, cursor: last.next });
    expect(ids(after)).toEqual((await expected('id', false)).slice(NUMBERED_ROWS, NUMBERED_ROWS + 100));
    site = small;
  });

  it('are whole where the way back ends within one, as with another number of rows on it', async () => {
    for (const by of ['scheduledFor', 'image']) {
      const sort = { by, descending: true };
      const second = await runs({ sort, pageSize: 20, page: 2 });
      const back = await runs({ sort, page: 2, cursor: second.previous });
      expect(back).toEqual(await runs({ sort }));
      expect(back).toMatchObject({ previous: null, next: expect.any(String), total: SOME });
    }
  });

  it('begin anew where a cursor is none, or belongs to another order', async () => {
    const sort = { by: 'startedAt', descending: true };
    const first = await runs({ sort });
    const other = await runs({ sort: { by: 'startedAt', descending: false } });
    const written = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    for (const cursor of [
      '',
      'nonsense',
      other.next,
      written('after', 'startedAt', true, '2026-02-31 10:00:00+00', 'x'),
      written('after', 'startedAt', true, 'infinity', 'x'),
      written('after', 'startedAt', true, '\u0000', 'x'),
      written('after', null, false, 'x', 'x'),
    ])
      expect(ids(await runs({ sort, page: 5, cursor }))).toEqual(ids(first));
    // No row is without a state.
    const byState = { by: 'state', descending: false };
    const cursor = written('after', 'state', false, null, 'sms-run-5');
    expect(ids(await runs({ sort: byState, cursor }))).toEqual(ids(await runs({ sort: byState })));
  });
});

describe.each([SOME, MANY])('filters of a list of %i', (size) => {
  beforeAll(() => {
    site = size === SOME ? small : large;
  });

  const cases: [string[], string][] = [
    [['state=failed'], `state = 'failed'`],
    [['state!=completed'], `state <> 'completed'`],
    [['state=missed'], 'false'],
    [['queue=queued'], `state = 'pending'`],
    [['image=ami-11'], `image_id = 'ami-11'`],
    [['image!=ami-11'], `image_id is distinct from 'ami-11'`],
    [['image:11'], `image_id like '%11%'`],
    [['image:am'], `image_id like 'am%'`],
    [['image!:11'], `coalesce(image_id, '') not like '%11%'`],
    [['server:server-77'], `server_name like '%server-77%'`],
    [['server^ERVER-7'], 'false'],
    [['server^SER'], `server_name like 'server-%'`],
    [['server^ki'], `lower(server_name) like 'ki%'`],
    [['server^Kilo'], `lower(server_name) like 'kilo%'`],
    [['server^kilo-'], `server_name = 'Kilo-7'`],
    [['server^ilo'], 'false'],
    [['server^SERVER-7', 'state!=failed'], `server_name like 'server-7%' and state <> 'failed'`],
    [['job:sms-job-77'], `job_id like 'sms-job-77%'`],
    [['job=sms-job-77'], `job_id = 'sms-job-77'`],
    [['job!=sms-job-77'], `job_id <> 'sms-job-77'`],
    [['id:SMS-run-1'], `id like 'sms-run-1%'`],
    [['id:run-1'], `id like '%run-1%'`],
    [['id^run-1'], 'false'],
    [['image:ami-1'], `image_id like 'ami-1%'`],
    [['id!:sms-run-1'], `id not like 'sms-run-1%'`],
    [[':run-1111'], `id like '%run-1111%'`],
    [[':FAILED'], `state = 'failed'`],
    [[':77'], `id ~ '-77' or server_name ~ '-77' or job_id ~ '-77' or image_id ~ '-77'`],
    [[':zz'], 'false'],
    [['state!:failed'], `state <> 'failed'`],
    [['job=sms-job-7'], `job_id = 'sms-job-7'`],
    [['!:server-1'], `server_name not like 'server-1%'`],
    [[':-'], 'true'],
    [['state=failed', ':server-11'], `state = 'failed' and server_name like 'server-11%'`],
    [['changed>1.5'], 'false'],
    [[`startedAt<${day(12)}`], `started_at < '${day(12)}'`],
    [[`startedAt<${day(12)}`, `startedAt>=${day(20)}`], `started_at < '${day(12)}' and started_at >= '${day(20)}'`],
  ];
  for (const by of ['scheduledFor', 'image'] as const)
    it.each(cases)(
      `find what fits and nothing else, in order of ${by}: %s`,
      async (texts, where) => {
        const sort = { by, descending: true };
        const rows = await expected(by === 'image' ? 'image_id' : 'scheduled_for', true, where);
        const { forward, backward, counts } = await there({ sort, filter: filter(...texts) }, 4);
        expect(forward.flat()).toEqual(rows.slice(0, 400));
        expect(backward).toEqual([...forward.slice(0, -1), ...forward.slice(1, 2)]);
        const last = Math.min(NUMBERED_ROWS / 100, Math.max(1, Math.ceil(rows.length / 100)));
        for (const number of [3, last, last + 1]) {
          const page = await runs({ sort, filter: filter(...texts), page: number });
          const at = Math.min(number, NUMBERED_ROWS / 100) - 1;
          expect(ids(page)).toEqual(rows.slice(at * 100, at * 100 + 100));
          counts.push(page);
        }
        for (const { total, more } of counts) {
          if (more) expect(rows.length).toBeGreaterThanOrEqual(total);
          else expect(total).toBe(rows.length);
        }
      },
      60_000,
    );

  it('are counted in the index of a column that holds just what starts so', async () => {
    const page = await runs({ filter: filter('server^SER') });
    const rows = await expected('id', false, `server_name like 'server-%'`);
    const isMany = rows.length > NUMBERED_ROWS;
    expect(page).toMatchObject({ total: Math.min(rows.length, NUMBERED_ROWS), more: isMany });
  });

  it('show nothing that was deleted', async () => {
    const jobs = async (...texts: string[]) => listJobs(site.as('viewer'), { ...all, filter: filter(...texts) });
    const left = Array.from({ length: size }, (_, at) => at + 1).filter((n) => n !== 171 && `${n}`.startsWith('17'));
    const page = await jobs(':server-17');
    const known = left.map((n) => `sms-job-${n}`);
    expect(ids(page).filter((id) => !known.includes(id))).toEqual([]);
    expect(page.items).toHaveLength(Math.min(left.length, 100));
    expect(page.total).toBeLessThanOrEqual(left.length);
    expect(await jobs('server=server-171')).toMatchObject({ items: [], total: 0 });
  });

  it('fit one of them, where the person says or', async () => {
    const tokens = ['state=failed', ':server-77', 'image!=x'].map(token);
    expect((await runs({ filter: { operation: 'or', tokens: tokens.slice(0, 2) } })).total).toBe(
      (await expected('id', false, `state = 'failed' or server_name like '%server-77%'`)).length,
    );
    expect(await runs({ filter: { operation: 'or', tokens } })).toMatchObject({ more: size === MANY });
    const jobId = 'sms-job-77';
    const ofJob = await listRuns(site.as('viewer'), { ...all, jobId, filter: { operation: 'or', tokens } });
    expect(ofJob).toMatchObject({ total: 1, more: false, items: [{ jobId }] });
  });

  it('count an age from the moment that is kept', async () => {
    const jobs = (...texts: string[]) => listJobs(site.as('viewer'), { ...all, filter: filter(...texts) });
    const older = await site.db.$count(
      replicationJobs,
      and(eq(replicationJobs.workspaceId, site.workspaceId), sql`latest_image_at < now() - interval '47 hours'`),
    );
    expect((await jobs('lag>47')).total).toBe(older);
    const sorted = await listJobs(site.as('viewer'), { ...all, sort: { by: 'lag', descending: true } });
    const times = sorted.items.map(({ latestImageAt }) => latestImageAt?.getTime() ?? 0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('find two letters within a word of a script that has no spaces', async () => {
    await small.db.update(servers).set({ name: '日本語サーバ' }).where(eq(servers.id, 's-13'));
    const found = async (text: string) => ids(await listServers(small.as('viewer'), { ...all, filter: filter(text) }));
    expect(await found(':本語')).toEqual(['s-13']);
    expect(await found('name:本語')).toEqual(['s-13']);
    expect(await found('name!:本語')).not.toContain('s-13');
  });

  it('say what a column cannot be compared with, and which cannot be sorted by', async () => {
    await expect(runs({ filter: filter('changed>much') })).rejects.toThrow('is not a number');
    await expect(runs({ filter: filter('startedAt>=soon') })).rejects.toThrow('is not a date');
    await expect(runs({ filter: filter('startedAt>=+012026-01-01') })).rejects.toThrow('is not a date');
    await expect(
      listJobs(site.as('viewer'), { ...all, sort: { by: 'description', descending: true } }),
    ).rejects.toThrow('not sorted by');
    await expect(runs({ sort: { by: 'constructor', descending: true } })).rejects.toThrow('no column');
    expect((await runs({ filter: filter('changed>1e300', 'sent<-1e300') })).total).toBe(0);
    expect((await runs(listQuerySchema.parse({ ...all, filter: filter(':a\u0000b') }))).total).toBe(0);
  });
});

it('find rows that lie together far from the beginning of the order, and rows that do not fit a text', async () => {
  site = large;
  const later = sql`(select id from replication_runs where workspace_id = ${site.workspaceId} order by scheduled_for desc, id desc limit 5150)`;
  await site.db.execute(sql`update replication_runs set image_id = 'ami-needle' where id in ${later}`);
  await site.db.execute(sql`vacuum analyze replication_runs`);
  for (const [text, where, descending] of [
    [':needle', `image_id = 'ami-needle'`, false],
    ['image!:needle', `image_id is distinct from 'ami-needle'`, true],
  ] as const) {
    const query = { sort: { by: 'scheduledFor', descending }, filter: filter(text) };
    const rows = await expected('scheduled_for', descending, where);
    expect(rows.length).toBeGreaterThan(5_000);
    const { forward, backward } = await there(query, 3);
    expect(forward.flat()).toEqual(rows.slice(0, 300));
    expect(backward).toEqual([...forward.slice(0, -1), ...forward.slice(1, 2)]);
    const last = Math.ceil(rows.length / 100);
    for (const number of [2, last, last + 1]) {
      const page = await runs({ ...query, page: number });
      expect(ids(page)).toEqual(rows.slice(number * 100 - 100, number * 100));
      if (!page.more) expect(page.total).toBe(rows.length);
      else expect(page.total).toBeLessThanOrEqual(rows.length);
    }
    const end = await runs({ ...query, page: last - 1 });
    const beyond = await runs({ ...query, cursor: end.next });
    expect(ids(beyond)).toEqual(rows.slice(last * 100 - 100));
    if (!beyond.more) expect(beyond.total).toBe(rows.length);
  }
}, 60_000);

it('keeps what servers show of their job and connector', async () => {
  site = small;
  const server = async () =>
    (await listServers(site.as('viewer'), { ...all, filter: filter('name=server-78') })).items[0];
  const job = eq(replicationJobs.id, 'sms-job-78');
  const replicated = async (state: string) =>
    (await listServers(site.as('viewer'), { ...all, filter: filter('name=server-78', `replication=${state}`) })).total;
  expect(await replicated('active')).toBe(1);
  await site.db.update(replicationJobs).set({ state: 'paused' }).where(job);
  expect(await replicated('paused')).toBe(1);
  await site.db.update(replicationJobs).set({ state: 'deleted', deletedAt: new Date() }).where(job);
  expect(await replicated('none')).toBe(1);
  expect(await server()).toMatchObject({ jobId: null, connectorName: 'North' });
  await site.db.execute(sql`update connectors set name = 'South'`);
  expect(await server()).toMatchObject({ connectorName: 'South' });
  expect((await runs({ filter: filter('server=server-78') })).total).toBe(1);
  expect((await listServers(site.as('viewer'), { ...all, filter: filter(':south') })).total).toBe(SOME);
  expect((await listJobs(site.as('viewer'), { ...all, filter: filter('connector=North') })).total).toBe(0);
});

it('keeps what a run waits for in words and kind, or refuses', async () => {
  const set = site.db.update(replicationRuns).set({ waitingFor: 'Waits.' }).where(eq(replicationRuns.id, 'sms-run-2'));
  await expect(set).rejects.toThrow();
});
