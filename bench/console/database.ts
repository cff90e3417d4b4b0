// The bench's own PostgreSQL with the filled database in it: in a folder that is removed at the end, or one that is kept for
// the next time. It is loaded with everything off that makes it safe, and measured as npm start runs it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { openDatabase } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { migrate } from '../../db/migrate.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/postgres/server.ts';
import { createFirstMembers } from '../../server/services/people/first-members.ts';
import { fillDatabase } from './fill.ts';
import { sizesFor } from './sizes.ts';

/** Nobody but the bench reaches this database, and it is gone afterwards or holds nothing of worth. */
export const BENCH_PASSWORD = 'bench-password-of-no-worth';

const LOADING = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  // Log files are used once, and nothing is to wait for the disk.
  wal_init_zero: 'off',
  wal_recycle: 'off',
  checkpoint_flush_after: '0',
  bgwriter_flush_after: '0',
  autovacuum: 'off',
  shared_buffers: '512MB',
  // What is read lies in the system's cache.
  io_method: 'sync',
};

interface Kept {
  servers: number;
  workspaceId: string;
  neighbourId: string;
}

interface FilledDatabase extends Kept {
  url: string;
}

/**
 * @param folder for the cluster; one that a fill of the same size has filled is used again, and brought to the newest schema
 * @param ends what ends the server is added to it
 */
export async function openFilled(
  folder: string,
  servers: number,
  say: (text: string) => void,
  ends: (() => unknown)[],
): Promise<FilledDatabase> {
  const record = path.join(folder, 'bench.json');
  let kept: Kept;
  if (existsSync(record)) {
    kept = JSON.parse(readFileSync(record, 'utf8')) as Kept;
    if (kept.servers !== servers)
      throw new Error(
        `${folder} holds a database of ${kept.servers} servers: say --servers ${kept.servers}, or choose another folder.`,
      );
  } else {
    if (existsSync(path.join(folder, 'cluster')))
      throw new Error(
        `${folder} holds a database that was not filled to its end: remove the folder, or choose another one.`,
      );
    const began = performance.now();
    const loading = await startEmbeddedPostgres(folder, { settings: LOADING, throwAway: true });
    ends.push(() => loading.stop());
    kept = await fill(loading, servers, say);
    await ends.pop()?.();
    writeFileSync(record, JSON.stringify(kept));
    say(`filled in ${((performance.now() - began) / 1000).toFixed(0)} s, all in all`);
  }
  const server = await startEmbeddedPostgres(folder);
  ends.push(() => server.stop());
  const began = performance.now();
  await migrate(server.url);
  const seconds = (performance.now() - began) / 1000;
  if (seconds > 5) say(`brought to the newest schema in ${seconds.toFixed(0)} s`);
  return { ...kept, url: server.url };
}

async function fill({ url }: EmbeddedPostgres, servers: number, say: (text: string) => void): Promise<Kept> {
  await migrate(url);
  const db = openDatabase(url, { max: 1 });
  const { workspaceId } = await createFirstMembers(db, { administrator: BENCH_PASSWORD, viewer: BENCH_PASSWORD });
  await db.$client.end();
  const neighbourId = newId.workspace();
  const sizes = sizesFor(servers);
  await fillDatabase(url, { sizes, workspaceId, neighbourId, now: new Date().toISOString() }, say);
  return { servers, workspaceId, neighbourId };
}

/** Runs SQL as the owner of the database. */
export async function sqlOnce<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
