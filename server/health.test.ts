import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../db/client.ts';
import { createTestDatabase, type TestDatabase } from '../db/testing.ts';
import { health } from './health.ts';

let made: TestDatabase;
let db: Database;
const slots = globalThis as { landfallDatabase?: Database | undefined; landfallHealthProbe?: unknown };

beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'silent');
  made = await createTestDatabase();
  db = openDatabase(made.url, { max: 2 });
});
beforeEach(() => {
  slots.landfallDatabase = db;
  slots.landfallHealthProbe = undefined;
});
afterAll(async () => {
  slots.landfallDatabase = undefined;
  await db.$client.end();
  await made.drop();
  vi.unstubAllEnvs();
});

const asked = async () => {
  const answer = await health();
  return { status: answer.status, reason: ((await answer.json()) as { status: string }).status };
};

it('is well when a write is committed, which it asks of the database every few seconds at most', async () => {
  // Other tests' databases are on the same server, so what is counted is this one's tables.
  await db.execute(sql`create sequence tables_made`);
  await db.execute(sql`create function count_table() returns event_trigger language plpgsql as
    $$ begin perform nextval('tables_made'); end $$`);
  await db.execute(
    sql`create event trigger count_table on ddl_command_end when tag in ('CREATE TABLE') execute function count_table()`,
  );
  for (let often = 0; often < 20; often += 1) expect(await asked()).toEqual({ status: 200, reason: 'ok' });
  await db.execute(sql`drop event trigger count_table`);
  const made = Number((await db.execute(sql`select last_value from tables_made where is_called`)).rows[0]?.last_value);
  expect(made).toBeGreaterThanOrEqual(1);
  expect(made).toBeLessThanOrEqual(2);
});

it('is not ready, and says why, when the disk is full', async () => {
  await db.execute(sql`create function full_disk() returns event_trigger language plpgsql as
    $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`);
  await db.execute(
    sql`create event trigger full_disk on ddl_command_start when tag in ('CREATE TABLE') execute function full_disk()`,
  );
  expect(await asked()).toEqual({ status: 503, reason: 'the database cannot be written to: its disk is full' });
  await db.execute(sql`drop event trigger full_disk`);
  expect(await asked()).toMatchObject({ status: 200 });
});

it('is not ready, and says why, when the database takes no writes', async () => {
  const name = new URL(made.url).pathname.slice(1);
  await db.execute(sql.raw(`alter database ${name} set default_transaction_read_only = on`));
  const readOnly = openDatabase(made.url, { max: 1 });
  slots.landfallDatabase = readOnly;
  expect(await asked()).toEqual({
    status: 503,
    reason: 'the database takes no writes: it is a standby, or set to read only',
  });
  await readOnly.$client.end();
  await db.execute(sql.raw(`alter database ${name} reset default_transaction_read_only`));
});

it('is not ready when the database does not answer', async () => {
  const nobody = openDatabase('postgres://nobody@127.0.0.1:1/none');
  slots.landfallDatabase = nobody;
  expect(await asked()).toEqual({ status: 503, reason: 'database does not answer' });
  await nobody.$client.end();
});
