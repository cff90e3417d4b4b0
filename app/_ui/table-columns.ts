// How a page describes the columns of its table.
import type { ReactNode } from 'react';
import type { FilterOperator } from './table-query.ts';

export interface ColumnFilter {
  /** Left out: the column's header. */
  label?: string;
  /** Text: contains first; choice: is one of; number and date: compare. */
  kind: 'text' | 'choice' | 'number' | 'date';
  /** For `choice`, and as suggestions for `text`. */
  values?: readonly { value: string; label?: string }[];
}

export interface ResourceColumn<T> {
  id: string;
  header: string;
  cell: (item: T) => ReactNode;
  /** Pixels, unless the member has drawn it to another width. */
  width: number;
  minWidth?: number;
  /** What the server sorts by; true: the column's id. */
  sort?: true | string;
  /** The server filters by the column's id. */
  filter?: ColumnFilter;
  /** Shown only when the member asks for it. */
  hidden?: boolean;
  /** The name of the row, read out with each cell and always shown. One column has it. */
  isName?: boolean;
}

/** What a member has set for one table; kept as the preference `table.<noun>`. */
export interface TablePreferences {
  pageSize?: number;
  wrapLines?: boolean;
  stripedRows?: boolean;
  density?: 'comfortable' | 'compact';
  columns?: { id: string; visible: boolean }[];
  /** The same for the cards of a narrow screen. */
  cardColumns?: { id: string; visible: boolean }[];
  widths?: Record<string, number>;
}

export const sortKeyOf = (column: Pick<ResourceColumn<never>, 'id' | 'sort'>): string | undefined =>
  column.sort === true ? column.id : column.sort;

const OPERATORS: Record<ColumnFilter['kind'], FilterOperator[]> = {
  text: [':', '!:', '=', '!=', '^'],
  choice: ['=', '!='],
  number: ['=', '!=', '>', '>=', '<', '<='],
  date: ['>=', '<'],
};

export const operatorsOf = ({ kind }: ColumnFilter): FilterOperator[] => OPERATORS[kind];

/** The member's order and choice, completed by columns that are newer than the preference. */
export function columnDisplay(
  columns: readonly Pick<ResourceColumn<never>, 'id' | 'hidden' | 'isName'>[],
  preferred: TablePreferences['columns'],
): { id: string; visible: boolean }[] {
  const known = new Map(columns.map((column) => [column.id, column]));
  const kept = (preferred ?? []).filter(({ id }) => known.has(id));
  const named = new Set(kept.map(({ id }) => id));
  const added = columns.filter(({ id }) => !named.has(id)).map(({ id, hidden }) => ({ id, visible: !hidden }));
  return [...kept, ...added].map(({ id, visible }) => ({ id, visible: visible || known.get(id)?.isName === true }));
}
