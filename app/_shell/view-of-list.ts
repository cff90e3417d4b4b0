// What a saved view of a list holds, beside what stands in the address: the same, or changed since. Pure.
import type { TablePreferences } from '../_ui/table-columns.ts';
import { PAGE_SIZES, type TableQuery, type tableParsers } from '../_ui/table-query.ts';

/** As the console keeps it (server/services/views/views.ts). */
export interface ListView {
  filter: TableQuery['filter'];
  sort: TableQuery['sort'];
  pageSize: number;
  columns: { id: string; visible: boolean }[] | null;
}

/** What is on the screen, as a view. */
export function viewOf({ filter, sort, pageSize }: TableQuery, columns: TablePreferences['columns']): ListView {
  return { filter, sort, pageSize, columns: columns ?? null };
}

/** What stands in the address with a view; pages begin anew. */
export function addressOf(view: ListView) {
  return {
    q: view.filter.tokens,
    op: view.filter.operation,
    sort: view.sort,
    size: PAGE_SIZES.find((size) => size === view.pageSize) ?? null,
    page: null,
    after: null,
  };
}

/** Without any view. */
export const PLAIN = {
  view: null,
  q: null,
  op: null,
  sort: null,
  size: null,
  page: null,
  after: null,
} satisfies Record<Exclude<keyof typeof tableParsers, 'sel'> | 'view', null>;

export function isSameView(one: ListView, other: ListView): boolean {
  return text(one) === text(other);
}

/** In one order, whatever the order in which a database kept it. */
function text({ filter, sort, pageSize, columns }: ListView): string {
  const tokens = filter.tokens.map(({ property, operator, value }) => [property ?? null, operator, value]);
  // Of one condition or none it does not matter how they are joined.
  const operation = tokens.length > 1 ? filter.operation : 'and';
  const shown = columns?.map(({ id, visible }) => [id, visible]) ?? null;
  return JSON.stringify([operation, tokens, sort && [sort.by, sort.descending], pageSize, shown]);
}
