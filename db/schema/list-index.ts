// The indexes by which lists are sorted and filtered.
import type { SQL } from 'drizzle-orm';
import { type ExtraConfigColumn, index } from 'drizzle-orm/pg-core';

/** A column as a table hands it to its indexes. */
type Column = Pick<ExtraConfigColumn, 'op'>;

/**
 * An index over (workspace, column, id) for each column by which a list is sorted: read forwards and backwards, it serves
 * both orders, and the rows without a value stand together at one end of it. `where` is what every row of the list is.
 * @param columns by the last word of the index's name
 */
export function listIndexes(
  prefix: string,
  table: { workspaceId: Column; id: Column },
  columns: Record<string, Column>,
  where?: SQL,
) {
  return Object.entries(columns).map(([name, column]) => {
    const over = index(`${prefix}_by_${name}`);
    const on =
      column === table.id ? over.on(table.workspaceId, table.id) : over.on(table.workspaceId, column, table.id);
    return where ? on.where(where) : on;
  });
}

/** What free text is looked for in: the texts of a row in lower case, one a line. */
export function searchText(...columns: string[]): string {
  return `lower(${columns.map((column) => `coalesce(${column}, '')`).join(` || E'\\n' || `)})`;
}

/** The trigram index over such a column. Without a list of entries to be merged later, which readers would have to walk. */
export function searchIndex(prefix: string, search: Column, where?: SQL) {
  const on = index(`${prefix}_search`).using('gin', search.op('gin_trgm_ops')).with({ fastupdate: false });
  return where ? on.where(where) : on;
}
