// Peer: PostgreSQL's own pg_dump and pg_restore. A console's database goes through them into a new database, as whoever backs
// it up does it, and is afterwards what it was: rows, kept columns, counts, and the triggers that keep them.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../db/client.ts';
import { migrate } from '../db/migrate.ts';
import { connectors, replicationRuns, servers } from '../db/schema/index.ts';
import { type FaultCode, fault } from '../replication/model/fault.ts';
import type { ServiceContext } from '../server/services/context.ts';
import { createJobs } from '../server/services/jobs/create.ts';
import { listJobs } from '../server/services/jobs/list.ts';
import type { ListQuery } from '../server/services/list-page.ts';
import { countAttention, needsAttention } from '../server/services/overview/attention.ts';
import { wrongAttention } from '../server/services/overview/attention-differences.ts';
import { getOverview } from '../server/services/overview/get.ts';
import { listRuns } from '../server/services/runs/list.ts';
import { listServers } from '../server/services/servers/list.ts';
import { foldTallies, wrongTallies } from '../server/services/tallies/keep.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../server/services/testing.ts';
import { fillFleet } from '../server/services/testing-fleet.ts';
import { describeWith, peer } from './installed.ts';

const run = promisify(execFile);
const SIZE = 400;
const NEW = ['x1', 'x2', 'x3'];
const OWNER = 'landfall_dump_owner';
type Copy = 'before' | 'custom' | 'plain';

let site: TestWorkspace;
let folder: string;
/** The console's database, and a new one made of its dump in each of two ways. */
let of: Record<Copy, Database>;

const jobsOfNew = async (ctx: ServiceContext, names: string[]) => {
  const rows = await ctx.db
    .select({ serverId: servers.id })
    .from(servers)
    .where(sql`${servers.name} = any(${sql.param(names)})`);
  const settings = { everyHours: 12, seedAt: null, description: '', keepImages: null };
  return (await createJobs(ctx, { servers: rows, settings })).jobIds;
};

const fails = (db: Database, jobId: string | undefined, code: FaultCode) =>
  db
    .update(replicationRuns)
    .set({ state: 'failed', fault: fault(code), endedAt: new Date() })
    .where(eq(replicationRuns.jobId, jobId ?? ''));

const asViewer = (db: Database): ServiceContext => ({ ...site.as('viewer'), db });

const nameOf = (copy: Copy) => new URL(urlOf(copy)).pathname.slice(1);

function urlOf(copy: Copy): string {
  const url = new URL(process.env.DATABASE_URL as string);
  if (copy === 'before') return url.href;
  url.pathname += `_${copy}`;
  if (copy === 'custom') Object.assign(url, { username: OWNER, password: 'of-no-worth' });
  return url.href;
}

const asked = (text: string, sort: ListQuery['sort']): ListQuery => ({
  page: 1,
  pageSize: 100,
  cursor: null,
  sort,
  filter: { operation: 'and', tokens: [{ operator: ':', value: text }] },
});

async function lines(db: Database, statement: string): Promise<string[]> {
  const { rows } = await db.execute<{ line: string }>(
    sql.raw(`select x::text as line from (${statement}) x order by 1`),
  );
  return rows.map(({ line }) => line);
}

/** What the migrations made, as PostgreSQL tells it. */
const MADE: Record<string, string> = {
  columns: `select table_schema, table_name, column_name, data_type, is_nullable, column_default, generation_expression
    from information_schema.columns where table_schema in ('public', 'drizzle', 'pgboss')`,
  indexes: `select schemaname, indexname, indexdef from pg_indexes where schemaname in ('public', 'drizzle', 'pgboss')`,
  rules: `select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace`,
  triggers: `select tgrelid::regclass::text, tgname, tgenabled, translate(pg_get_triggerdef(oid), '()', '') from pg_trigger where not tgisinternal`,
  functions: `select proname, pg_get_functiondef(oid) from pg_proc
    where pronamespace = 'public'::regnamespace and prokind in ('f', 'p') and probin is null`,
  views: `select viewname, definition from pg_views where schemaname = 'public'`,
  storage: `select relname, reloptions::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')`,
};

describeWith(['pg-dump', 'pg-restore', 'psql'], 'a dump of the console’s database', () => {
  beforeAll(async () => {
    site = await testWorkspace();
    const { db, workspaceId, connectorId } = site;
    folder = await mkdtemp(path.join(tmpdir(), 'landfall-dump-'));
    await fillFleet(db, { workspaceId, connectorId, size: SIZE });
    // Verbs beside it, whose counts are appended and not folded yet, and the queue with their nudges.
    await site.importServers([...NEW, '日本語 “quoted” \\ \t'].map((name) => catalogServer(name)));
    await fails(db, (await jobsOfNew(site.ctx, ['x1', 'x2']))[0], 'vcenter-login-refused');

    const custom = path.join(folder, 'custom');
    const plain = path.join(folder, 'plain.sql');
    await run(peer('pg-dump'), ['--format=custom', `--file=${custom}`, urlOf('before')]);
    await run(peer('pg-dump'), [`--file=${plain}`, urlOf('before')]);
    // One as a superuser, and one as a service's ordinary user, who owns the database and no more.
    await db.execute(sql.raw(`create role ${OWNER} login password 'of-no-worth'`));
    await db.execute(sql.raw(`create database ${nameOf('custom')} template template0 owner ${OWNER}`));
    await db.execute(sql.raw(`create database ${nameOf('plain')} template template0`));
    await run(peer('pg-restore'), ['--exit-on-error', '--no-owner', '--jobs=2', `--dbname=${urlOf('custom')}`, custom]);
    const options = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1'];
    await run(peer('psql'), [...options, `--file=${plain}`, urlOf('plain')]);
    of = { before: db, custom: openDatabase(urlOf('custom')), plain: openDatabase(urlOf('plain')) };
  });

  afterAll(async () => {
    for (const name of ['custom', 'plain'] as const) {
      await of?.[name]?.$client.end();
      await site?.db.execute(sql.raw(`drop database if exists ${nameOf(name)} with (force)`));
    }
    await site?.db.execute(sql.raw(`drop role if exists ${OWNER}`));
    await site?.close();
    await rm(folder, { recursive: true, force: true });
  });

  describe.each(['custom', 'plain'] as const)('put back into a new database, in the %s format', (name) => {
    it.each(Object.entries(MADE))('has all that the migrations made: %s', async (_what, statement) => {
      const made = await lines(of.before, statement);
      expect(made.length).toBeGreaterThan(1);
      expect(await lines(of[name], statement)).toEqual(made);
    });

    it('has every row of every table', async () => {
      const tables = await lines(
        of.before,
        `select format('%I.%I', schemaname, tablename) from pg_tables
        where schemaname in ('public', 'drizzle')`,
      );
      expect(tables.length).toBeGreaterThan(20);
      for (const line of tables) {
        const all = `select count(*), md5(string_agg(t::text, '|' order by t::text)) from ${line.replace(/^\("*|"*\)$/g, '')} t`;
        expect([line, await lines(of[name], all)]).toEqual([line, await lines(of.before, all)]);
      }
    });

    it('counts, finds and warns as before', async () => {
      expect(await wrongTallies(of[name])).toEqual([]);
      expect(await wrongAttention(of[name])).toEqual([]);
      const shown = async (db: Database) => ({
        attention: await needsAttention(asViewer(db)),
        overview: await getOverview(asViewer(db)),
        servers: await listServers(asViewer(db), asked('server-1', { by: 'name', descending: true })),
        quoted: await listServers(asViewer(db), asked('本語', null)),
        jobs: await listJobs(asViewer(db), asked('north', { by: 'nextRunAt', descending: false })),
        runs: await listRuns(asViewer(db), asked('failed', { by: 'startedAt', descending: true })),
      });
      const before = await shown(of.before);
      expect(before.quoted.total).toBe(1);
      expect(before.attention.length).toBeGreaterThan(1);
      expect(await shown(of[name])).toEqual(before);
    });

    it('goes on: what is written is counted, kept beside, warned of and numbered on', async () => {
      const db = of[name];
      const ctx = { ...site.ctx, db };
      await migrate(urlOf(name));
      const needy = await countAttention(asViewer(db));
      const [jobId] = await jobsOfNew(ctx, ['x3']);
      await fails(db, jobId, 'image-refused');
      expect(await countAttention(asViewer(db))).toBe(needy + 1);
      await db.update(connectors).set({ name: 'South' });
      expect((await listServers(asViewer(db), asked('south', null))).total).toBe(SIZE + NEW.length + 1);
      await foldTallies(ctx);
      expect(await wrongTallies(db)).toEqual([]);
      expect(await wrongAttention(db)).toEqual([]);
    });
  });
});
