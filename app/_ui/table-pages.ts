// Where one can go in a table. Pages have numbers as far as the server counts; what lies beyond is reached from its neighbour,
// by the cursor that came with the answer. Pure.
import { formatCount } from './quantity.ts';
import type { TableQuery } from './table-query.ts';

/** The answer of a list procedure. */
export interface TablePage<Item> {
  items: readonly Item[];
  /** All that match; with `more` there are more than so many. */
  total: number;
  more: boolean;
  /** Cursors of the pages after and before this one; null where there is none. */
  next: string | null;
  previous: string | null;
}

/** A page by its number, or by a cursor where numbers have ended. */
export interface Place {
  page: number;
  cursor: string | null;
}

/** How many pages have numbers. */
export function numberedPages(query: Pick<TableQuery, 'pageSize'>, data: { total: number } | undefined): number {
  return Math.max(1, Math.ceil((data?.total ?? 0) / query.pageSize));
}

/** Where the page is that somebody asked for; null where nothing leads to it. */
export function placeOf(wanted: number, query: TableQuery, data: TablePage<unknown>): Place | null {
  if (wanted <= numberedPages(query, data)) return { page: Math.max(1, wanted), cursor: null };
  const cursor = wanted === query.page + 1 ? data.next : wanted === query.page - 1 ? data.previous : null;
  return cursor === null ? null : { page: wanted, cursor };
}

/** Where to go because the page that was asked for is not there, or is not the one of that number; null: it is. */
export function correction(query: TableQuery, data: TablePage<unknown>): Place | null {
  const pages = numberedPages(query, data);
  if (query.cursor === null) return query.page > pages ? { page: pages, cursor: null } : null;
  // The list begins here: the cursor was of another order, or what stood before it is gone.
  if (data.previous === null) return { page: 1, cursor: null };
  // So many rows were removed that all pages have numbers again.
  if (!data.more) return { page: Math.min(query.page, pages), cursor: null };
  if (data.items.length > 0) return null;
  return placeOf(query.page - 1, query, data);
}

/** `1,234`, or `10,000+` where nobody has counted further. */
export const countText = ({ total, more }: { total: number; more: boolean }): string =>
  `${formatCount(total)}${more ? '+' : ''}`;

/** `20`, `more than 10,000`: the same to be read aloud. */
export const spokenCount = ({ total, more }: { total: number; more: boolean }): string =>
  more ? `more than ${formatCount(total)}` : formatCount(total);
