// Fills a migrated, empty database with what a large company's console holds after some weeks, the same every time: SQL that
// makes rows by their numbers, in several sessions, with triggers off and indexes made at the end, as a restore does it.
import { availableParallelism } from 'node:os';
import pg from 'pg';
import { CHANCE_SQL } from './chance.ts';
import { connectorsSql, type FillInput, serverOutlineSql, serversSql } from './fill-inventory.ts';
import { jobsSql, outlineSql } from './fill-jobs.ts';
import { auditSql, cutoversSql, eventsSql, instancesSql, peopleSql } from './fill-people.ts';
import {
  aroundRunsSql,
  HELPERS_SQL,
  imagesSql,
  OF_RESULTS,
  PREPARE_RESULTS_SQL,
  resultsSql,
  runsSql,
} from './fill-runs.ts';

/** Of these the plain indexes are made when all rows are in; those of a key or a rule stay. */
const LARGE = ['servers', 'replication_jobs', 'replication_runs', 'images', 'instances', 'cutovers', 'audit'];
const RESULTS_AT_ONCE = 5_000;
const RUNS_AT_ONCE = 50_000;
const AUDIT_AT_ONCE = 100_000;

const SESSION = `
set session_replication_role = replica;
set timezone = 'UTC';
set work_mem = '256MB';
set maintenance_work_mem = '1GB';
set synchronous_commit = off;
set jit = off;`;

/**
 * @param url of a database that the migrations have made and that holds the first workspace and nothing else; its user must
 *   be allowed to switch triggers off
 * @param say told what was done and how long it took
 */
export async function fillDatabase(url: string, input: FillInput, say: (text: string) => void): Promise<void> {
  const lanes = Math.min(4, Math.max(2, availableParallelism()));
  const clients = await Promise.all(Array.from({ length: lanes }, () => connect(url)));
  const [first] = clients as [pg.Client, ...pg.Client[]];
  const timed = async (what: string, work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    say(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  };
  try {
    const indexes = await plainIndexes(first);
    await timed('outline', async () => {
      for (const { schema, name } of indexes) await first.query(`drop index ${schema}.${name}`);
      for (const sql of [
        CHANCE_SQL,
        HELPERS_SQL,
        peopleSql(input),
        connectorsSql(input),
        serverOutlineSql(input),
        outlineSql(input),
        PREPARE_RESULTS_SQL,
      ])
        await run(first, sql);
      await first.query('analyze');
    });
    const { rows } = await first.query<{ runs: number; jobs: number }>(
      'select max(r)::int runs, max(j)::int jobs from bench.run',
    );
    const { runs = 0, jobs = 0 } = rows[0] ?? {};
    await timed('results', async () => {
      await inTurn(
        clients,
        ranges(jobs, RESULTS_AT_ONCE).map(([from, to]) => resultsSql(from, to)),
      );
      await run(first, 'create unique index on bench.result (j, kind); analyze bench.result');
    });
    await workedOut(first, false);
    await timed('rows', () =>
      inTurn(clients, [
        serversSql(input),
        imagesSql(input),
        jobsSql(input),
        cutoversSql(input),
        ...ranges(runs, RUNS_AT_ONCE).map(([from, to]) => runsSql(from, to)),
        instancesSql(input),
        aroundRunsSql(input),
        ...ranges(input.sizes.audit, AUDIT_AT_ONCE).map(([from, to]) => auditSql(input, from, to)),
        eventsSql(input),
      ]),
    );
    await workedOut(first, true);
    await timed('indexes', () =>
      inTurn(
        clients,
        indexes.map(({ definition }) => definition),
      ),
    );
    await timed('what is counted and kept beside the rows', async () => {
      await first.query('drop schema bench cascade');
      await first.query(`select setval(pg_get_serial_sequence('audit', 'id'), (select max(id) from audit))`);
      await countAnew(first);
    });
    const all = await tables(first);
    await timed('vacuum and statistics', () =>
      inTurn(
        clients,
        all.map((table) => `vacuum (analyze) ${table}`),
      ),
    );
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(SESSION);
  return client;
}

/** A statement that fails says where: they are long. */
async function run(client: pg.Client, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    const at = Number((error as pg.DatabaseError).position ?? 1);
    throw new Error(`${(error as Error).message}, at: ${sql.slice(Math.max(0, at - 200), at + 200)}`, { cause: error });
  }
}

/** Each session takes the next statement as soon as it is free. */
async function inTurn(clients: readonly pg.Client[], statements: readonly string[]): Promise<void> {
  const left = [...statements];
  await Promise.all(
    clients.map(async (client) => {
      for (let sql = left.shift(); sql !== undefined; sql = left.shift()) await run(client, sql);
    }),
  );
}

function ranges(all: number, atOnce: number): [number, number][] {
  return Array.from({ length: Math.ceil(all / atOnce) }, (_, at) => [
    at * atOnce + 1,
    Math.min(all, (at + 1) * atOnce),
  ]);
}

async function plainIndexes(client: pg.Client): Promise<{ schema: string; name: string; definition: string }[]> {
  const { rows } = await client.query<{ schema: string; name: string; definition: string }>(
    `select n.nspname as schema, quote_ident(i.relname) as name, pg_get_indexdef(i.oid) as definition
     from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = t.relnamespace
     where n.nspname = 'public' and t.relname = any($1) and not x.indisunique
     order by t.relname = 'replication_runs' desc, i.relname`,
    [LARGE],
  );
  return rows;
}

/**
 * Whether the columns that runs have of their results are worked out by the table, or taken as they are given. There is no
 * statement for it that leaves the column as the migration made it.
 */
async function workedOut(client: pg.Client, byTheTable: boolean): Promise<void> {
  await client.query('set allow_system_table_mods = on');
  await client.query(
    `update pg_attribute set attgenerated = $1 where attrelid = 'replication_runs'::regclass and attname = any($2)`,
    [byTheTable ? 's' : '', Object.keys(OF_RESULTS)],
  );
  await client.query('reset allow_system_table_mods');
}

async function tables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relpages desc`,
  );
  return rows.map(({ name }) => name);
}

/** The triggers that keep counts and causes were off: what they would have written is worked out from the rows. */
async function countAnew(client: pg.Client): Promise<void> {
  await client.query('select rebuild_attention()');
  await client.query('select recount_tallies()');
}
