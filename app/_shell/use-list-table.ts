'use client';
// The table of a list page: what stands in its address, what the member has set, and the rows, live.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import type { ReactNode } from 'react';
import type { AppRouter } from '../../server/api/root.ts';
import type { TablePreferences } from '../_ui/table-columns.ts';
import { type TableState, useTableState } from '../_ui/table-state.ts';
import { type ShownFault, shownFault } from './faults.ts';
import { LIST_TABLES, type ListTable, listOf, preferenceOf } from './list-tables.ts';
import { usePreference } from './member.tsx';
import { useTRPC } from './trpc.ts';
import { useViews } from './use-views.tsx';

type Rows<Table extends ListTable> = inferRouterOutputs<AppRouter>[Table]['list'];

/** What `<ResourceTable {...list}>` takes of it, under the same names. */
export interface ListTableState<Table extends ListTable> {
  state: TableState;
  data: Rows<Table> | undefined;
  /** The rows are still those of another page, order or filter. */
  outdated: boolean;
  fault: ShownFault | null;
  onRetry: () => void;
  preferences: TablePreferences;
  onPreferences: (preferences: TablePreferences) => void;
  /** The menu of saved views. */
  views: ReactNode;
}

/** `live: false` where rows must not move while somebody chooses among them; such a table has no views. */
export function useListTable<Table extends ListTable>(table: Table, { live = true } = {}): ListTableState<Table> {
  const trpc = useTRPC();
  const [kept, keep] = usePreference<TablePreferences>(preferenceOf(table), {});
  const state = useTableState({ defaultSort: LIST_TABLES[table], pageSize: kept.pageSize });
  const { preferences, onPreferences, views } = useViews(table, { state, kept, keep, shown: live });
  const rows = useQuery(
    listOf(trpc, table).queryOptions(state.query, { placeholderData: keepPreviousData, meta: { live } }),
  );
  return {
    state,
    data: rows.data as Rows<ListTable> | undefined as Rows<Table> | undefined,
    outdated: rows.isPlaceholderData,
    fault: rows.error && shownFault(rows.error),
    onRetry: () => void rows.refetch(),
    preferences,
    onPreferences,
    views,
  };
}
