import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let one: TestDatabase;
let two: TestDatabase;

beforeAll(async () => {
  [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
});

afterAll(async () => {
  await Promise.all([one.drop(), two.drop()]);
});

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a suite gets a database of its own that holds what the migrations made', async () => {
  await ask(one.url, `insert into workspaces (id, name) values ('w', 'one')`);
  expect(await ask(one.url, 'select name from workspaces')).toEqual([{ name: 'one' }]);
  expect(await ask(two.url, 'select name from workspaces')).toEqual([]);
});

test('a dropped database is gone, even while someone is connected', async () => {
  const third = await createTestDatabase();
  const client = new pg.Client({ connectionString: third.url });
  client.on('error', () => {});
  await client.connect();
  await third.drop();
  await expect(ask(third.url, 'select 1')).rejects.toThrow(/does not exist/);
  await client.end();
});
