// Connections that break or stand still: no process ends by them, and nobody waits for them without an end.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from './client.ts';
import { databaseFailure } from './failures.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
let other: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  other = openDatabase(database.url, { max: 3 });
  await other.execute(sql`create table counted (id int primary key, n int)`);
  await other.execute(sql`insert into counted values (1, 0), (2, 0)`);
});
afterAll(async () => {
  await other.$client.end();
  await database.drop();
});

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error) => databaseFailure(error),
  );
const backend = async (tx: Pick<Database, 'execute'>) =>
  Number((await tx.execute(sql`select pg_backend_pid() as pid`)).rows[0]?.pid);

it('outlives the end of a connection that is in use between two statements', async () => {
  const { promise: broken, resolve } = Promise.withResolvers<Error>();
  const db = openDatabase(database.url, { max: 1, onError: resolve });
  const failure = failureOf(
    db.transaction(async (tx) => {
      await other.execute(sql`select pg_terminate_backend(${await backend(tx)})`);
      await broken;
      await tx.execute(sql`select 1`);
    }),
  );
  expect(await failure).toBe('away');
  expect((await db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }]);
  await db.$client.end();
});

it('lets nobody wait for long for a transaction that stands still, and ends it', async () => {
  const frozen = openDatabase(database.url, { max: 1, idleInTransactionMs: 1_500 });
  const waiting = openDatabase(database.url, { max: 1, lockMs: 300 });
  const { promise: thaw, resolve } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const standing = failureOf(
    frozen.transaction(async (tx) => {
      await tx.execute(sql`update counted set n = n + 1 where id = 1`);
      hold();
      await thaw;
      await tx.execute(sql`select 1`);
    }),
  );
  await held;
  const change = () => failureOf(waiting.execute(sql`update counted set n = 7 where id = 1`));
  expect(await change()).toBe('busy');
  await expect.poll(change, { timeout: 15_000 }).toBe('none');
  resolve();
  expect(await standing).toBe('away');
  expect((await other.execute(sql`select n from counted where id = 1`)).rows).toEqual([{ n: 7 }]);
  await Promise.all([frozen.$client.end(), waiting.$client.end()]);
});

it('has an end for every wait unless it is told another', async () => {
  const settings = ['lock_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout'];
  const shown = settings.map(async (name) => (await other.execute(sql.raw(`show ${name}`))).rows[0]?.[name]);
  expect(await Promise.all(shown)).toEqual(['8s', '20s', '1min']);
});

it('ends a statement that takes too long', async () => {
  const db = openDatabase(database.url, { max: 1, statementMs: 200 });
  expect(await failureOf(db.execute(sql`select pg_sleep(20)`))).toBe('away');
  await db.$client.end();
});
