// A copy of the console's database taken while everything runs, and put back, as an administrator does with pg_dump.
import { sql } from 'drizzle-orm';
import type { Database } from '../db/client.ts';

export type DatabaseCopy = Map<string, string>;

/** Every table's rows, all of one moment. What the queue holds is nudges only and is left out. */
export async function copyDatabase(db: Database): Promise<DatabaseCopy> {
  return db.transaction(
    async (tx) => {
      const copy: DatabaseCopy = new Map();
      const tables = await tx.execute<{ name: string }>(
        sql`select tablename as name from pg_tables where schemaname = 'public' order by tablename`,
      );
      for (const { name } of tables.rows) {
        const rows = await tx.execute<{ rows: string }>(
          sql`select coalesce(json_agg(t), '[]')::text as rows from ${sql.identifier(name)} t`,
        );
        copy.set(name, rows.rows[0]?.rows ?? '[]');
      }
      return copy;
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/** Puts the copy in the place of all that is there. */
export async function restoreDatabase(db: Database, copy: DatabaseCopy): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`set local session_replication_role = replica`);
    for (const name of copy.keys()) await tx.execute(sql`delete from ${sql.identifier(name)}`);
    for (const [name, rows] of copy) {
      const table = sql.identifier(name);
      // What PostgreSQL works out of the other columns it takes from nobody.
      const given = await tx.execute<{ columns: string }>(
        sql`select string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns
          from information_schema.columns
          where table_schema = 'public' and table_name = ${name} and is_generated = 'NEVER'`,
      );
      const columns = sql.raw(given.rows[0]?.columns ?? '*');
      await tx.execute(
        sql`insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, ${rows}::json)`,
      );
    }
  });
}
