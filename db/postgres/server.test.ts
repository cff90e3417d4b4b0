import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './server.ts';

// As mkdtemp leaves it, the folder is closed to all but its owner (0700): as root, the server runs as somebody else.
const folder = mkdtempSync(path.join(tmpdir(), 'embedded-postgres-'));
const data = path.join(folder, 'pg');
let server: EmbeddedPostgres;

async function ask(sql: string, url = server.url): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return Object.values((await client.query(sql)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  server = await startEmbeddedPostgres(data, { throwAway: true });
  await ask('create table kept (n int)');
  await ask('insert into kept values (1)');
});

afterAll(async () => {
  await server.stop({ now: true });
  rmSync(folder, { recursive: true, force: true });
});

test('it runs unprivileged, on loopback only, with a password', async () => {
  const { uid } = statSync(`/proc/${server.pid()}`);
  expect(uid).not.toBe(0);
  expect(await ask('show listen_addresses')).toBe('127.0.0.1');
  const wrong = new URL(server.url);
  wrong.password = 'wrong';
  await expect(ask('select 1', wrong.href)).rejects.toThrow(/password authentication failed/);
  expect(statSync(path.join(data, 'connection.json')).mode & 0o777).toBe(0o600);
});

test('killed, it comes back by itself with all that was committed, at the same address', async () => {
  const before = server.pid();
  process.kill(before, 'SIGKILL');
  await vi.waitFor(
    async () => {
      expect(await ask('select n from kept')).toBe(1);
      expect(server.pid()).not.toBe(before);
    },
    { timeout: 15_000, interval: 50 },
  );
});

test('one that a dead predecessor left running is adopted', async () => {
  const running = server.pid();
  const second = await startEmbeddedPostgres(data);
  expect(second.pid()).toBe(running);
  expect(second.url).toBe(server.url);
  expect(await ask('select n from kept', second.url)).toBe(1);
});

test('it stops cleanly and starts again with its data, though its port was taken meanwhile', async () => {
  const { port } = new URL(server.url);
  await server.stop();
  expect(server.pid()).toBe(0);
  await expect(ask('select 1')).rejects.toThrow(/ECONNREFUSED/);
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(Number(port), '127.0.0.1', resolve));
  try {
    server = await startEmbeddedPostgres(data, { throwAway: true });
    expect(new URL(server.url).port).not.toBe(port);
    expect(await ask('select n from kept')).toBe(1);
  } finally {
    squatter.close();
  }
});

test('a cluster of another major version is refused with what to do', async () => {
  await server.stop({ now: true });
  const file = path.join(data, 'cluster/PG_VERSION');
  const version = readFileSync(file, 'utf8');
  writeFileSync(file, '13\n');
  await expect(startEmbeddedPostgres(data)).rejects.toThrow(/was made by PostgreSQL 13, and this is \d+: dump it/);
  writeFileSync(file, version);
});
