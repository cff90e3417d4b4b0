// npm run sql -- "select …": looks into the database of npm run dev, or of another data folder or server. It can change nothing.
//
//   npm run sql -- [--data FOLDER] [--explain] [--json] "select id, state from replication_runs"
//
// DATABASE_URL goes before the folder. Needed since the PostgreSQL that comes along brings no psql.
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { embeddedDatabaseUrl } from './embedded-database.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', default: path.join(root, '.landfall/dev') },
    explain: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const statement = positionals.join(' ').trim();
if (!statement) fail('Say what to look for: npm run sql -- "select id, state, step from replication_runs"');

const client = new pg.Client({
  connectionString: process.env.DATABASE_URL || embeddedUrl(values.data),
  connectionTimeoutMillis: 10_000,
  statement_timeout: 120_000,
});
try {
  await client.connect();
  // EXPLAIN ANALYZE runs the statement: whatever it is, it leaves no trace.
  await client.query('begin read only');
  // A prepared statement is one statement: none after a `commit;` of its own gets out of the transaction.
  const text = values.explain ? `explain (analyze, buffers) ${statement}` : statement;
  const { rows } = await client.query({ name: 'asked', text });
  if (values.explain) console.log(rows.map((row) => row['QUERY PLAN']).join('\n'));
  else if (values.json) console.log(JSON.stringify(rows, undefined, 2));
  else
    console.table(
      rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, short(value)]))),
    );
} catch (error) {
  fail((error as Error).message);
} finally {
  await client.end().catch(() => {});
}

function embeddedUrl(folder: string): string {
  try {
    return embeddedDatabaseUrl(folder, 'start npm run dev first, or name another folder with --data.');
  } catch (error) {
    fail((error as Error).message);
  }
}

/** A value as it fits into a table. */
function short(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  return typeof text === 'string' && text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function fail(text: string): never {
  console.error(text);
  process.exit(1);
}
