import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../db/testing.ts';
import { checkDatabaseUrl } from './database-url.ts';
import { freePort } from './ports.ts';

let database: TestDatabase;
let silent: Server;

beforeAll(async () => {
  database = await createTestDatabase();
  // Takes connections and never says a word, like a firewall in between.
  silent = createServer().listen(0, '127.0.0.1');
});

afterAll(async () => {
  silent.close();
  await database.drop();
});

function changed(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}

test('a good database passes', async () => {
  await expect(checkDatabaseUrl(database.url)).resolves.toBeUndefined();
});

test.each([
  ['a wrong password', () => changed((url) => (url.password = 'wrong')), /wrong password for this user/],
  [
    'a database that is not there',
    () => changed((url) => (url.pathname = '/gone')),
    /there is no such database; create it/,
  ],
  [
    'a port where nobody listens',
    async () => `postgres://a:geheim@127.0.0.1:${await freePort()}/x`,
    /Nobody answers at/,
  ],
  ['a host that does not exist', () => 'postgres://a:geheim@nowhere.invalid/x', /is not known: correct its name/],
  [
    'a server that says nothing',
    () => `postgres://a:geheim@127.0.0.1:${(silent.address() as { port: number }).port}/x`,
    /did not answer within 0.3 s/,
  ],
  ['another kind of address', () => 'mysql://a:geheim@127.0.0.1/x', /begins with mysql:\/\//],
  ['no address at all', () => 'geheim', /cannot be read/],
])('%s is said in one sentence, without the password', async (_, url, sentence) => {
  const error: Error = await checkDatabaseUrl(await url(), 300).then(
    () => new Error('it passed'),
    (reason) => reason,
  );
  expect(error.message).toMatch(sentence);
  expect(error.message).not.toContain('geheim');
});
