// A worker's round through rows that are many: a batch at a time, each from where the last one ended, and from the beginning
// again at the end. Nothing that stands behind a batch of others waits for ever.
import { type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';

export class Round {
  #after: { at: string; id: string } | null = null;

  /** Condition: not looked at yet in this round. Rows come in ascending order of both. */
  ahead(at: AnyPgColumn, id: AnyPgColumn): SQL | undefined {
    return this.#after ? sql`(${at}, ${id}) > (${this.#after.at}::timestamptz, ${this.#after.id})` : undefined;
  }

  /**
   * To be told what was found. @param rows with the time as PostgreSQL writes it: a Date has no microseconds
   * @param batch so many rows were asked for
   */
  took(rows: readonly { at: string; id: string }[], batch: number): void {
    const last = rows.length < batch ? undefined : rows.at(-1);
    this.#after = last ? { at: last.at, id: last.id } : null;
  }
}
