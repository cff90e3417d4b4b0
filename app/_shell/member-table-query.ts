// For server components: the query that a page's table will ask first, with the page size that the member has set.
import { sessionMember } from '../../server/api/caller.ts';
import type { TablePreferences } from '../_ui/table-columns.ts';
import { DEFAULT_PAGE_SIZE, type TableDefaults, type TableQuery, tableQueryOf } from '../_ui/table-query.ts';

export type SearchParameters = Promise<Record<string, string | string[] | undefined>>;

/** `preference` and `sort` are those that the screen gives to `usePreference` and `useTableState`. */
export async function memberTableQuery(
  searchParams: SearchParameters,
  preference: string,
  sort: TableDefaults['sort'],
): Promise<TableQuery> {
  const kept = (await sessionMember())?.preferences[preference] as TablePreferences | undefined;
  return tableQueryOf(searchParams, { pageSize: kept?.pageSize ?? DEFAULT_PAGE_SIZE, sort });
}
