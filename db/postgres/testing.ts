// The Postgres of one vitest run: vitest's globalSetup. Nothing starts until the first suite asks for a database.
// db/testing.ts is the suites' side of it.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../migrate.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    landfallTestPostgres: string;
  }
}

const PREFIX = 'landfall-test-';
const TEMPLATE = 'landfall_template';
/** Nothing here outlives the run, so nothing has to reach the disk. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '400',
  jit: 'off',
};

class TestPostgres {
  #server: EmbeddedPostgres | undefined;
  #ready: Promise<pg.Client> | undefined;
  #folder = '';
  #made = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** A new database that holds what the migrations made. */
  async create(): Promise<string> {
    this.#ready ??= this.#start();
    const client = await this.#ready;
    this.#made += 1;
    const name = `test_${this.#made}`;
    await this.#query(client, `create database ${name} template ${TEMPLATE}`);
    return databaseUrl(this.#server?.url ?? '', name);
  }

  async drop(name: string): Promise<void> {
    if (!/^test_\d+$/.test(name) || !this.#ready) return;
    await this.#query(await this.#ready, `drop database if exists ${name} with (force)`);
  }

  async stop(): Promise<void> {
    const client = await this.#ready?.catch(() => undefined);
    await client?.end();
    await this.#server?.stop({ now: true });
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** One after the other: Postgres copies a template for one at a time. */
  #query(client: pg.Client, sql: string): Promise<unknown> {
    const next = this.#turn.then(() => client.query(sql));
    this.#turn = next.catch(() => {});
    return next;
  }

  async #start(): Promise<pg.Client> {
    this.#folder = mkdtempSync(path.join(tmpdir(), PREFIX));
    writeFileSync(path.join(this.#folder, 'owner'), String(process.pid));
    this.#server = await startEmbeddedPostgres(this.#folder, { settings, throwAway: true });
    const client = new pg.Client({ connectionString: this.#server.url });
    client.on('error', () => {});
    await client.connect();
    await client.query(`create database ${TEMPLATE}`);
    await migrate(databaseUrl(this.#server.url, TEMPLATE));
    return client;
  }
}

function databaseUrl(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Takes away what a run that was killed left behind: its server and its folder. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = path.join(tmpdir(), name);
    try {
      if (isAlive(Number(readFileSync(path.join(folder, 'owner'), 'utf8')))) continue;
      const pid = Number(readFileSync(path.join(folder, 'cluster/postmaster.pid'), 'utf8').split('\n')[0]);
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')) process.kill(pid, 'SIGQUIT');
    } catch {
      // No server of that run is left, or it is another person's folder.
    }
    try {
      if (!isAlive(Number(readFileSync(path.join(folder, 'owner'), 'utf8'))))
        rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another person's folder, or one that is just being made.
    }
  }
}

/** vitest calls this once before the run, and what it returns once after it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  sweep();
  const postgres = new TestPostgres();
  const server = createServer(async (request, response) => {
    try {
      if (request.method === 'POST') response.end(await postgres.create());
      else {
        await postgres.drop((request.url ?? '').slice(1));
        response.end();
      }
    } catch (error) {
      response.writeHead(500).end((error as Error).message);
    }
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('landfallTestPostgres', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    server.close();
    await postgres.stop();
  };
}
