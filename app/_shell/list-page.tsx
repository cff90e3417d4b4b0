// A page that is one table: prefetches the rows that its screen will ask for, with the page size that the member has set.
//   export default function JobsPage({ searchParams }: ListPageProps) {
//     return <ListPage table="jobs" searchParams={searchParams}><JobsScreen /></ListPage>;
//   }

import { redirect } from 'next/navigation';
import { createSerializer, parseAsString } from 'nuqs/server';
import type { ReactNode } from 'react';
import { caller, sessionMember } from '../../server/api/caller.ts';
import type { TablePreferences } from '../_ui/table-columns.ts';
import { DEFAULT_PAGE_SIZE, tableParsers, tableQueryOf } from '../_ui/table-query.ts';
import { LIST_TABLES, type ListTable, listOf, pathOf, preferenceOf } from './list-tables.ts';
import { Prefetch, type ServerQueries } from './prefetch.tsx';
import { addressOf, type ListView } from './view-of-list.ts';

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
  const given = await searchParams;
  if (Object.keys(given).length === 0) await openDefaultView(table);
  const kept = (await sessionMember())?.preferences[preferenceOf(table)] as TablePreferences | undefined;
  const pageSize = kept?.pageSize ?? DEFAULT_PAGE_SIZE;
  const query = await tableQueryOf(searchParams, { pageSize, sort: LIST_TABLES[table] });
  return (
    <Prefetch
      queries={(trpc) => [
        listOf(trpc, table).queryOptions(query),
        trpc.views.mine.queryOptions(),
        ...(also?.(trpc) ?? []),
      ]}
    >
      {children}
    </Prefetch>
  );
}

const toAddress = createSerializer({ ...tableParsers, view: parseAsString });

/** A list that is opened without anything in its address begins with the member's default view, if there is one. */
async function openDefaultView(table: ListTable): Promise<void> {
  // Without it the list opens as it is; what is wrong shows there.
  const views = await caller()
    .views.mine()
    .catch(() => []);
  const view = views.find((one) => one.list === table && one.isDefault);
  if (view) redirect(toAddress(pathOf(table), { ...addressOf(view.view as ListView), view: view.id }));
}
