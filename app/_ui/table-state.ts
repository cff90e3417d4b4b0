'use client';
// The state of a table, in the URL: a link to a page shows the same rows, and Back goes back.
import { useQueryStates } from 'nuqs';
import { useCallback, useMemo } from 'react';
import type { Place } from './table-pages.ts';
import {
  DEFAULT_PAGE_SIZE,
  type TableDefaults,
  type TableQuery,
  tableParsers,
  tableUrlKeys,
  toTableQuery,
} from './table-query.ts';

export interface TableState {
  /** The input of the list procedure. */
  query: TableQuery;
  selectedIds: readonly string[];
  setPage(place: Place): void;
  /** The same where nobody asked for it: Back does not lead to the page that is not there. */
  correctPage(place: Place): void;
  setPageSize(size: number): void;
  setSort(sort: TableQuery['sort']): void;
  /** Goes back to the first page; what is selected stays selected. */
  setFilter(filter: TableQuery['filter']): void;
  setSelected(ids: readonly string[]): void;
}

interface Options {
  defaultSort?: TableDefaults['sort'];
  /** From the member's preferences. */
  pageSize?: number | undefined;
  /** Tells two tables of one page apart. */
  prefix?: string;
}

const FIRST_PAGE = { page: null, after: null };

export function useTableState({
  defaultSort = null,
  pageSize = DEFAULT_PAGE_SIZE,
  prefix = '',
}: Options = {}): TableState {
  const urlKeys = useMemo(() => tableUrlKeys(prefix), [prefix]);
  const [url, setUrl] = useQueryStates(tableParsers, { urlKeys, history: 'push', clearOnDefault: true });
  // Two equal orders are one, however often the page makes the object anew.
  const { by, descending } = defaultSort ?? {};
  const query = useMemo(() => {
    const sort = by === undefined ? null : { by, descending: descending ?? false };
    return toTableQuery(url, { pageSize, sort });
  }, [url, pageSize, by, descending]);
  const setPage = useCallback(({ page, cursor }: Place) => void setUrl({ page, after: cursor }), [setUrl]);
  const correctPage = useCallback(
    ({ page, cursor }: Place) => void setUrl({ page, after: cursor }, { history: 'replace' }),
    [setUrl],
  );
  const setPageSize = useCallback((size: number) => void setUrl({ size, ...FIRST_PAGE }), [setUrl]);
  const setSort = useCallback((sort: TableQuery['sort']) => void setUrl({ sort, ...FIRST_PAGE }), [setUrl]);
  const setFilter = useCallback(
    ({ operation, tokens }: TableQuery['filter']) => void setUrl({ q: tokens, op: operation, ...FIRST_PAGE }),
    [setUrl],
  );
  const setSelected = useCallback(
    (ids: readonly string[]) => void setUrl({ sel: [...ids] }, { history: 'replace' }),
    [setUrl],
  );
  return { query, selectedIds: url.sel, setPage, correctPage, setPageSize, setSort, setFilter, setSelected };
}
