// Fills a migrated, empty database with what a large company's console holds after some weeks, the same every time: SQL that
// makes rows by their numbers, in several sessions, with triggers off and indexes made at the end, as a restore does it.
import { availableParallelism } from 'node:os';
import pg from 'pg';
import { CHANCE_SQL } from './chance.ts';
import { connectorsSql, type FillInput, serverOutlineSql, serversSql } from './fill-inventory.ts';
import { jobOutlineSql, jobsSql, runOutlineSql } from './fill-jobs.ts';
import { auditSql, cutoversSql, eventsSql, instancesSql, peopleSql } from './fill-people.ts';
import { CUT_RESULTS_SQL, PREPARE_RESULTS_SQL, resultsSql } from './fill-results.ts';
import { aroundRunsSql, baselinesSql, imagesSql, runsSql } from './fill-runs.ts';
import { inLanes, type Work } from './lanes.ts';
import { KINDS } from './run-documents.ts';

/** Of these the plain indexes are made when their rows are in; those of a key or a rule stay. The largest first. */
const LARGE = [
  'replication_runs',
  'audit',
  'images',
  'servers',
  'replication_jobs',
  'baselines',
  'instances',
  'cutovers',
];

/**
 * An index is made by one process: the sessions are as many as the processors already. Each reads its table from the
 * beginning, so that rows which lie in the index's order are met in that order.
 */
const SESSION = `
set session_replication_role = replica;
set timezone = 'UTC';
set work_mem = '256MB';
set max_parallel_maintenance_workers = 0;
set max_parallel_workers_per_gather = 0;
set synchronize_seqscans = off;
set synchronous_commit = off;
set jit = off;`;
/** Of an index by words, and of any other: what is sorted within the processor's cache and then merged is sorted sooner. */
const INDEX_MEMORY = { gin: '128MB', btree: '4MB' };

/**
 * @param url of a database that the migrations have made and that holds the first workspace and nothing else; its user must
 *   be allowed to switch triggers off
 * @param say told what was done and how long it took
 */
export async function fillDatabase(url: string, input: FillInput, say: (text: string) => void): Promise<void> {
  const lanes = Math.min(4, Math.max(2, availableParallelism()));
  const clients = await Promise.all(Array.from({ length: lanes }, () => connect(url)));
  const [first] = clients as [pg.Client, ...pg.Client[]];
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  const spent: Record<string, number> = {};
  const done = (name: string, took: number) => {
    const kind = name.split(' ')[0]!;
    spent[kind] = (spent[kind] ?? 0) + took;
  };
  try {
    const indexes = await plainIndexes(first);
    await first.query(indexes.map(({ name }) => `drop index ${name}`).join(';'));
    await inLanes(clients, works(input, indexes), done);
    say(`filled after ${seconds()} s`);
    // While another session is at a statement that began before, no row may be taken for one that all can see.
    await inLanes(clients, await vacuums(first), done);
    const each = Object.entries(spent).map(([kind, took]) => `${kind} ${took.toFixed(1)}`);
    say(`vacuumed after ${seconds()} s; seconds of ${lanes} sessions: ${each.join(', ')}`);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** What there is to do; of several things that could be done, the first, since more waits for it or it takes longer. */
function works(input: FillInput, indexes: readonly Index[]): Work[] {
  const rows: Work[] = [
    { name: 'rows of replication_runs', sql: runsSql(), after: ['results'] },
    { name: 'rows of servers', sql: [serversSql(input)], after: ['outline of jobs'] },
    { name: 'rows of images', sql: [imagesSql(input)], after: ['outline of runs'] },
    { name: 'rows of replication_jobs', sql: [jobsSql(input)], after: ['outline of runs'] },
    { name: 'rows of baselines', sql: [baselinesSql()], after: ['outline of runs'] },
    { name: 'rows of instances', sql: [instancesSql(input)], after: ['outline of runs'] },
    { name: 'rows of cutovers', sql: [cutoversSql(input)], after: ['outline of runs'] },
    { name: 'rows of tasks', sql: [aroundRunsSql(input), eventsSql(input)], after: ['outline of runs'] },
    { name: 'rows of audit', sql: [auditSql(input)], after: ['outline of jobs'] },
  ];
  const all = [...new Set(rows.map(({ name }) => name))];
  return [
    {
      name: 'outline of jobs',
      sql: [CHANCE_SQL, peopleSql(input), connectorsSql(input), serverOutlineSql(input), jobOutlineSql(input)],
    },
    { name: 'outline of runs', sql: [runOutlineSql(input), PREPARE_RESULTS_SQL], after: ['outline of jobs'] },
    ...KINDS.map((kind) => ({ name: 'results of whole runs', sql: [resultsSql(kind)], after: ['outline of runs'] })),
    { name: 'results', sql: [CUT_RESULTS_SQL], after: ['results of whole runs'] },
    ...rows,
    { name: 'counts', sql: COUNT_ANEW, after: [...all, indexName('replication_runs', 'replication_runs_newest')] },
    { name: 'outline', sql: ['drop schema bench cascade'], after: all },
    ...LARGE.map((table) => ({
      name: `statistics of ${table}`,
      sql: [`analyze ${table}`],
      after: indexes.filter((index) => index.table === table).map((index) => indexName(table, index.name)),
    })),
    ...indexes.map(({ name, table, method, definition }) => ({
      name: indexName(table, name),
      sql: [`set maintenance_work_mem = '${INDEX_MEMORY[method]}'`, definition],
      after: [`rows of ${table}`],
    })),
  ];
}

const indexName = (table: string, name: string) => `index ${name} of ${table}`;

/** The triggers that keep counts and causes were off: what they would have written is worked out from the rows. */
const COUNT_ANEW = [
  `select setval(pg_get_serial_sequence('audit', 'id'), (select max(id) from audit))`,
  'select rebuild_attention()',
  'select recount_tallies()',
];

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(SESSION);
  return client;
}

interface Index {
  name: string;
  table: string;
  method: 'gin' | 'btree';
  definition: string;
}

async function plainIndexes(client: pg.Client): Promise<Index[]> {
  const { rows } = await client.query<Index>(
    `select x.indexrelid::regclass::text as name, t.relname as table, amname as method, pg_get_indexdef(x.indexrelid) as definition
     from pg_index x join pg_class t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid join pg_am on pg_am.oid = i.relam
     where t.relnamespace = 'public'::regnamespace and t.relname = any($1) and not x.indisunique
     order by amname <> 'gin', i.relname <> 'replication_runs_newest', array_position($1, t.relname), i.relname`,
    [LARGE],
  );
  return rows;
}

/**
 * What the rows of large tables keep outside of themselves is left as it is: gigabytes would be written anew, and nobody asks
 * whether all can see that. Nor is it to be vacuumed later, while something is measured: the server forgets how much it is.
 */
async function vacuums(client: pg.Client): Promise<Work[]> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relpages desc`,
  );
  return rows.map(({ name }) => ({
    name: 'vacuum',
    sql: LARGE.includes(name)
      ? [
          `vacuum (index_cleanup off, process_toast off) ${name}`,
          `select pg_stat_reset_single_table_counters(reltoastrelid) from pg_class where oid = '${name}'::regclass`,
        ]
      : [`vacuum (analyze) ${name}`],
  }));
}
