import { eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from './client.ts';
import { users } from './schema/index.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let made: TestDatabase;
let db: Database;
beforeAll(async () => {
  made = await createTestDatabase();
  db = openDatabase(made.url, { max: 1 });
});
afterAll(async () => {
  await db.$client.end();
  await made.drop();
});

const find = (id: string) => db.select({ id: users.id }).from(users).where(eq(users.id, id));
/** What this connection has prepared, and how often each was run. */
const prepared = async () =>
  (
    await db.$client.query<{ statement: string; runs: number }>(
      'select statement, (generic_plans + custom_plans)::int as runs from pg_prepared_statements',
    )
  ).rows;

it('lets Postgres keep a statement that comes again with other values', async () => {
  for (const id of ['a', 'b', 'c']) await find(id);
  const kept = (await prepared()).filter(({ statement }) => statement.includes('from "users"'));
  expect(kept).toEqual([{ statement: expect.stringContaining('"users"."id" = $1'), runs: 3 }]);
});

it('keeps no more statements than a bounded number, and answers all of them', async () => {
  for (let length = 1; length <= 60; length += 1) {
    const ids = Array.from({ length }, (_, index) => `u${index}`);
    expect(await db.select({ id: users.id }).from(users).where(inArray(users.id, ids))).toEqual([]);
  }
  expect(await prepared()).toHaveLength(41);
  for (let turn = 0; turn < 500; turn += 1) await db.execute(sql`select ${turn}::int as ${sql.identifier(`c${turn}`)}`);
  expect((await prepared()).length).toBe(400);
});

it('goes on when a column was added, and on a new connection', async () => {
  await find('a');
  await db.execute(sql`alter table users add column nickname text`);
  expect(await find('a')).toEqual([]);
  const other = openDatabase(made.url, { max: 1 });
  await other.execute(
    sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await other.$client.end();
  await expect.poll(() => find('a').catch(() => 'cut off')).toEqual([]);
  expect((await prepared()).length).toBe(1);
});
