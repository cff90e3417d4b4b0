// The database of this process: one pool, kept on globalThis because Next loads modules twice. Imported by server/** only.
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { NamingClient } from './named-statements.ts';
import * as schema from './schema/index.ts';

export type Database = NodePgDatabase<typeof schema> & { $client: pg.Pool };
/** A transaction, or the database itself where none is needed. */
export type Queries = Pick<
  Database,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | 'execute' | 'query' | 'transaction'
>;

const slot = globalThis as { landfallDatabase?: Database };

/** Opens a pool of its own; for tests and for programs that end. */
export function openDatabase(url: string, options: { max?: number; onError?: (error: Error) => void } = {}): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    connectionTimeoutMillis: 10_000,
    Client: NamingClient,
  });
  // An idle connection that breaks (Postgres restarted) must not end the process; the pool opens another.
  pool.on('error', options.onError ?? (() => {}));
  return drizzle(pool, { schema, casing: 'snake_case' });
}

/** The shared database of this process, from `DATABASE_URL`. */
export function database(): Database {
  if (!slot.landfallDatabase) {
    const url = process.env.DATABASE_URL;
    if (!url) throw new Error('DATABASE_URL is not set; `npm start` sets it, or see docs/operations.md');
    slot.landfallDatabase = openDatabase(url);
  }
  return slot.landfallDatabase;
}
