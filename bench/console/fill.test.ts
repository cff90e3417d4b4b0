// The filled database is one that the product takes for its own: documents of their shapes, every list, every kind of run.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { cutovers, images, instances, replicationRuns, servers } from '../../db/schema/index.ts';
import { createTestDatabase, type TestDatabase } from '../../db/testing.ts';
import { cutoverOptionsSchema, questionSchema } from '../../replication/model/cutover.ts';
import { faultSchema } from '../../replication/model/fault.ts';
import { catalogServerSchema } from '../../replication/model/server.ts';
import { stepProgressSchema, stepResultSchemas } from '../../replication/model/step-results.ts';
import { listActivity } from '../../server/services/activity/list.ts';
import { listConnectors } from '../../server/services/connectors/list.ts';
import { type ProgramContext, systemContext } from '../../server/services/context.ts';
import { getCutover, listCutovers } from '../../server/services/cutovers/list.ts';
import { listImages } from '../../server/services/images/list.ts';
import { listInstances } from '../../server/services/instances/list.ts';
import { listJobs } from '../../server/services/jobs/list.ts';
import type { ListPage, ListQuery } from '../../server/services/list-page.ts';
import { needsAttention } from '../../server/services/overview/attention.ts';
import { getOverview } from '../../server/services/overview/get.ts';
import { createFirstMembers } from '../../server/services/people/first-members.ts';
import { getRun, listRuns } from '../../server/services/runs/list.ts';
import { listServers } from '../../server/services/servers/list.ts';
import { wrongTallies } from '../../server/services/tallies/keep.ts';
import { fillDatabase } from './fill.ts';
import { OF_RESULTS } from './fill-results.ts';
import { conditionsOn, freeText, LISTS, query } from './lists.ts';
import { neighbourServers, sizesFor } from './sizes.ts';

const SERVERS = 200;
const sizes = sizesFor(SERVERS);

let database: TestDatabase;
let db: Database;
let ctx: ProgramContext;
let indexesBefore: unknown[];

const indexes = async () =>
  (await db.execute(sql`select indexdef from pg_indexes where schemaname = 'public' order by indexdef`)).rows;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url);
  const { workspaceId } = await createFirstMembers(db, { administrator: 'a', viewer: 'v' });
  const input = { sizes, workspaceId, neighbourId: newId.workspace(), now: new Date().toISOString() };
  indexesBefore = await indexes();
  await fillDatabase(database.url, input, () => {});
  ctx = systemContext(db, workspaceId);
}, 120_000);

afterAll(async () => {
  await db?.$client.end();
  await database?.drop();
});

it('holds as many rows as were asked for, and nothing of its own making is left behind', async () => {
  const count = async (table: string) =>
    Number((await db.execute<{ n: string }>(sql.raw(`select count(*) as n from ${table}`))).rows[0]?.n);
  const own = async (table: string) =>
    count(`${table} where workspace_id = '${ctx.principal.kind === 'system' && ctx.principal.workspaceId}'`);
  expect(await own('servers')).toBe(SERVERS);
  expect(await count('servers')).toBe(SERVERS + neighbourServers(SERVERS));
  expect(await own('replication_jobs')).toBe(sizes.jobs);
  expect(await own('replication_runs')).toBe(sizes.runs);
  expect(await own('instances')).toBe(sizes.instances);
  expect(await own('cutovers')).toBe(sizes.cutovers);
  expect(await count("pg_namespace where nspname = 'bench'")).toBe(0);
  expect(await count('pg_index where indisclustered')).toBe(0);
  expect(await indexes()).toEqual(indexesBefore);
});

it('is made of documents that the product would have written', async () => {
  for (const { record } of await db.select().from(servers)) catalogServerSchema.strict().parse(record);
  for (const run of await db
    .select()
    .from(replicationRuns)
    .where(sql`${replicationRuns.state} <> 'completed' or ${replicationRuns.id} like '%7'`)) {
    for (const [step, result] of Object.entries(run.results))
      stepResultSchemas[step as 'verify'].strict().parse(result);
    if (run.progress) stepProgressSchema.parse(run.progress);
    if (run.fault) faultSchema.parse(run.fault);
    expect(Boolean(run.fault), run.id).toBe(run.state === 'failed' || run.state === 'cancelled');
  }
  for (const row of await db.select().from(cutovers)) {
    cutoverOptionsSchema.parse(row.options);
    if (row.question) questionSchema.parse(row.question);
  }
  for (const { input, imageId } of await db.select().from(instances)) expect(input.imageId).toBe(imageId);
});

it('refers to nothing that is not there, though no reference was checked', async () => {
  const { rows } = await db.execute<{ name: string; dangling: string }>(
    sql`select conname name, format('from %s a where (%s) is not null and not exists (select from %s b where (%s) = (%s))', conrelid::regclass,
        string_agg('a.' || mine.attname, ', '), confrelid::regclass, string_agg('a.' || mine.attname, ', '), string_agg('b.' || theirs.attname, ', ')) dangling
      from pg_constraint, unnest(conkey, confkey) pair (here, there), pg_attribute mine, pg_attribute theirs
      where contype = 'f' and connamespace = 'public'::regnamespace and mine.attrelid = conrelid and mine.attnum = here
        and theirs.attrelid = confrelid and theirs.attnum = there group by conname, conrelid, confrelid`,
  );
  expect(rows.length).toBeGreaterThan(20);
  for (const { name, dangling } of rows)
    expect((await db.execute(sql.raw(`select a.* ${dangling} limit 1`))).rows, name).toEqual([]);
});

it('has runs in the order of time, with results of as many disks as their servers have', async () => {
  const { rows: order } = await db.execute<{ alike: number }>(
    sql`select corr(place, moment) alike from (select row_number() over (order by ctid) place, row_number() over (order by scheduled_for) moment
      from replication_runs) run`,
  );
  expect(order[0]?.alike).toBeGreaterThan(0.98);
  const { rows: otherDisks } = await db.execute(
    sql`select run.id from replication_runs run join replication_jobs job on job.id = run.job_id join servers on servers.id = job.server_id
      where jsonb_array_length(results -> 'take-snapshot' -> 'disks') <> disk_count`,
  );
  expect(otherDisks).toEqual([]);
  const { rows: without } = await db.execute(
    sql`select id from replication_runs where state = 'completed' and (image_id is null or not results ? 'create-image' or not timeline ? 'create-image')`,
  );
  expect(without).toEqual([]);
});

it('has AMIs of the runs that made them', async () => {
  const rows = await db
    .select({ image: images.id, run: replicationRuns.imageId, state: replicationRuns.state })
    .from(images)
    .innerJoin(replicationRuns, eq(replicationRuns.id, images.runId));
  expect(rows.length).toBeGreaterThan(sizes.images);
  expect(rows.filter(({ image, run, state }) => image !== run || state !== 'completed')).toEqual([]);
});

it('keeps beside its rows what the triggers, that were off, would have kept', async () => {
  const wrong = async (what: string) =>
    Number((await db.execute<{ n: string }>(sql.raw(`select count(*) as n from (${what}) wrong`))).rows[0]?.n);
  expect(await wrong('select * from tallies')).toBeGreaterThan(20);
  expect(await wrongTallies(db)).toEqual([]);
  expect(await wrong('select * from attention')).toBeGreaterThan(sizes.waitingRuns);
  expect(await wrong('select * from attention_differences')).toBe(0);
  for (const [column, worked] of Object.entries(OF_RESULTS))
    expect(
      await wrong(`select id from replication_runs where ${column} is distinct from ${worked('results')}`),
      column,
    ).toBe(0);
  expect(
    await wrong(
      `select attname from pg_attribute where attrelid = 'replication_runs'::regclass and attname in ('copy_mode', 'read_bytes') and attgenerated = 's'`,
    ),
  ).toBe(2);
  expect(await wrong('select indexrelid from pg_index where not (indisvalid and indisready)')).toBe(0);
  expect(
    await wrong(`select s.id from servers s join connectors c on c.id = s.connector_id left join replication_jobs j on j.server_id = s.id and j.deleted_at is null
      where s.connector_name <> c.name or s.replication_state <> coalesce(j.state, 'none')`),
  ).toBe(0);
  expect(
    await wrong(
      `select j.id from replication_jobs j join connectors c on c.id = j.connector_id where j.connector_name <> c.name`,
    ),
  ).toBe(0);
  expect(
    await wrong(
      `select id from images where instance_count <> (select count(*) from instances i where i.image_id = images.id and i.terminated_at is null)`,
    ),
  ).toBe(0);
  expect(await wrong(`select id from replication_runs where queue_state is not null`)).toBe(
    sizes.queuedRuns + sizes.waitingRuns,
  );
});

const VERBS: Record<string, (ctx: ProgramContext, input: ListQuery) => Promise<ListPage<unknown>>> = {
  'servers.list': listServers,
  'jobs.list': listJobs,
  'connectors.list': listConnectors,
  'runs.list': listRuns,
  'images.list': listImages,
  'instances.list': listInstances,
  'cutovers.list': listCutovers,
  'activity.list': listActivity,
};

it.each(Object.entries(LISTS))('answers what is asked of the list of %s', async (name, list) => {
  const ask = (change: Parameters<typeof query>[1]) =>
    VERBS[list.procedure]!(ctx, query(list, { pageSize: 1, ...change }) as ListQuery);
  expect((await ask({})).items.length, name).toBeGreaterThan(0);
  for (const [by, column] of Object.entries(list.columns)) {
    for (const descending of [false, true]) {
      const sorted = ask({ sort: { by, descending } });
      if (column.notSorted) await expect(sorted, by).rejects.toThrow('not sorted by');
      else expect((await sorted).items.length, by).toBeGreaterThan(0);
    }
    for (const token of conditionsOn(by, column, column.values[0], Date.now())) await ask({ tokens: [token] });
  }
  for (const token of freeText(list.words)) await ask({ tokens: [token] });
});

it('shows runs of every state, cutovers, the overview and what needs attention', async () => {
  for (const state of ['completed', 'failed', 'cancelled', 'missed', 'active', 'pending'] as const) {
    const [run] = await db.select().from(replicationRuns).where(eq(replicationRuns.state, state)).limit(1);
    expect(run, state).toBeDefined();
    const shown = await getRun(systemContext(db, run?.workspaceId ?? null), run?.id ?? '');
    expect(shown.status.state).toBe(state);
    expect(shown.disks.length > 0).toBe(
      state !== 'pending' && state !== 'missed' && !(state === 'failed' && !run?.results['take-snapshot']),
    );
  }
  const [cutover] = await db.select().from(cutovers).limit(1);
  expect((await getCutover(ctx, cutover?.id ?? '')).log.length).toBeGreaterThanOrEqual(0);
  const overview = await getOverview(ctx);
  expect(overview.running.total).toBeGreaterThanOrEqual(sizes.activeRuns);
  expect(overview.running.queued).toBe(sizes.queuedRuns + sizes.waitingRuns);
  const kinds = new Set((await needsAttention(ctx)).map(({ kind }) => kind));
  for (const kind of ['connector', 'catalog', 'failed-runs', 'waiting-runs', 'left-over'] as const)
    expect(kinds).toContain(kind);
});
