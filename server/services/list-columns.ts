// What a list is made of: its table, and the columns that people sort and filter it by.
import type { SQL } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { faultError } from '../../replication/model/fault.ts';
import type { ListQuery } from './list-page.ts';

/** A column of the list's own table: what is sorted or filtered by is kept, and never worked out of other rows. */
export interface Column {
  column: PgColumn;
  /** A text is also found by free text, being part of the table's column `search`. */
  kind: 'text' | 'choice' | 'number' | 'date';
  /** False: no index (workspace, column, id) is there, so that it is filtered by only, with the help of `search`. */
  indexed?: false;
  /** Sorted by this instead: the beginning of a text that may be longer than an entry of an index. */
  sortedBy?: PgColumn;
  /** Of ids: how each of them begins, which is nowhere else in one. None has a capital. */
  begins?: string;
  /** What a choice may be; free text finds it by them. A choice without them is part of `search`, as texts are. */
  values?: readonly string[];
  /** How many units of the column one of the number is that a person gives: 1 048 576 for MiB of a column in bytes. */
  per?: number;
  /**
   * A moment that is never before that of this column, but for clocks that differ by less than an hour: what is earlier than
   * a day here is so there, too, and a list in the order of that column is walked from there on.
   */
  since?: PgColumn;
  /** The number is an age in hours, and the column a moment: the older, the more. */
  age?: true;
}

export interface List {
  table: PgTable;
  id: PgColumn;
  workspaceId: PgColumn;
  /** What every row of the list is, in the words of the partial indexes. */
  is?: SQL;
  search: PgColumn;
  /** By their names on the wire. */
  columns: Record<string, Column>;
}

export interface Order {
  by: Column | null;
  descending: boolean;
}

export type Token = ListQuery['filter']['tokens'][number];

export function columnOf(id: string, list: List): Column {
  const column = Object.hasOwn(list.columns, id) ? list.columns[id] : undefined;
  if (column) return column;
  throw faultError('input-invalid', {
    message: `This table has no column "${id}".`,
    remedy: 'Clear the filter and the sorting of the table.',
  });
}

/** The order of a query in that of the table's column: the greatest age is the earliest moment. */
export function orderOf(list: List, sort: ListQuery['sort']): Order {
  if (!sort) return { by: null, descending: false };
  const by = columnOf(sort.by, list);
  if (by.sortedBy) return { by: { column: by.sortedBy, kind: 'text' }, descending: sort.descending };
  if (by.indexed === false) {
    throw faultError('input-invalid', {
      message: `This table is not sorted by "${sort.by}".`,
      remedy: 'Sort it by another column.',
    });
  }
  return { by, descending: by.age ? !sort.descending : sort.descending };
}
