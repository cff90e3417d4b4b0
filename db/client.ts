// The database of this process: one pool, kept on globalThis because Next loads modules twice.
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

export interface DatabaseOptions {
  /** Connections at once. Default 10. */
  max?: number;
  /** Told of a connection that broke. */
  onError?: (error: Error) => void;
  /** How long a statement waits for a row that another transaction holds. Default 8 000. */
  lockMs?: number;
  /** How long a transaction may stand still between two statements, as that of a frozen process does. Default 20 000. */
  idleInTransactionMs?: number;
  /** How long one statement may take. Default 60 000. */
  statementMs?: number;
}

/**
 * Opens a pool of its own; for tests and for programs that end. No wait on it is without an end: PostgreSQL itself gives up
 * a lock, a statement and a transaction that stands still, and a connection whose other side is gone is given up here.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const statementMs = options.statementMs ?? 60_000;
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    connectionTimeoutMillis: 10_000,
    lock_timeout: options.lockMs ?? 8_000,
    idle_in_transaction_session_timeout: options.idleInTransactionMs ?? 20_000,
    statement_timeout: statementMs,
    query_timeout: statementMs + 15_000,
    keepAlive: true,
    // The system's own first probe comes after two hours.
    keepAliveInitialDelayMillis: 10_000,
    Client: NamingClient,
  });
  // A connection that breaks (Postgres restarted) must not end the process: not an idle one, for which the pool tells, and
  // not one that is in use between two statements, for which nobody but this listener hears it.
  const broken = options.onError ?? (() => {});
  pool.on('error', broken);
  pool.on('connect', (client) => void client.on('error', broken));
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
