// A page that is one table: prefetches the rows that its screen will ask for, with the page size that the member has set.
//   export default function JobsPage({ searchParams }: ListPageProps) {
//     return <ListPage table="jobs" searchParams={searchParams}><JobsScreen /></ListPage>;
//   }
import type { ReactNode } from 'react';
import { sessionMember } from '../../server/api/caller.ts';
import type { TablePreferences } from '../_ui/table-columns.ts';
import { DEFAULT_PAGE_SIZE, tableQueryOf } from '../_ui/table-query.ts';
import { LIST_TABLES, type ListTable, listOf, preferenceOf } from './list-tables.ts';
import { Prefetch, type ServerQueries } from './prefetch.tsx';

/** What Next gives to the page of a list. */
export interface ListPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

interface Props extends ListPageProps {
  table: ListTable;
  /** What else the screen asks for. */
  also?: (trpc: ServerQueries) => readonly unknown[];
  children: ReactNode;
}

export async function ListPage({ table, searchParams, also, children }: Props) {
  const kept = (await sessionMember())?.preferences[preferenceOf(table)] as TablePreferences | undefined;
  const pageSize = kept?.pageSize ?? DEFAULT_PAGE_SIZE;
  const query = await tableQueryOf(searchParams, { pageSize, sort: LIST_TABLES[table] });
  return (
    <Prefetch queries={(trpc) => [listOf(trpc, table).queryOptions(query), ...(also?.(trpc) ?? [])]}>
      {children}
    </Prefetch>
  );
}
