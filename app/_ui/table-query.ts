// What a table asks the server for, and how it is written in the URL. Pure: server components read it too.
import {
  createLoader,
  createParser,
  parseAsArrayOf,
  parseAsInteger,
  parseAsNativeArrayOf,
  parseAsString,
  parseAsStringLiteral,
} from 'nuqs/server';

/** As PropertyFilter writes them: `:` contains, `^` starts with. */
export const FILTER_OPERATORS = ['!=', '!:', '!^', '>=', '<=', '=', ':', '^', '>', '<'] as const;
export type FilterOperator = (typeof FILTER_OPERATORS)[number];

export interface FilterToken {
  /** A column's filter key; left out for free text. */
  property?: string | undefined;
  operator: FilterOperator;
  value: string;
}

/** The input of every list procedure. */
export interface TableQuery {
  /** From 1. */
  page: number;
  pageSize: number;
  /** From the answer before: the page lies beyond the numbered ones. */
  cursor: string | null;
  sort: { by: string; descending: boolean } | null;
  filter: { operation: 'and' | 'or'; tokens: FilterToken[] };
}

export interface TableDefaults {
  pageSize: number;
  sort: { by: string; descending: boolean } | null;
}

export const PAGE_SIZES = [10, 20, 50, 100] as const;
export const DEFAULT_PAGE_SIZE = 20;
const MAX_TOKENS = 20;

/** `state=failed`, `name:web`; free text starts with its operator: `:web`. */
export const filterTokenParser = createParser<FilterToken>({
  parse(text) {
    const match = /^([A-Za-z][\w.-]*)?(!=|!:|!\^|>=|<=|=|:|\^|>|<)(.*)$/s.exec(text);
    if (!match) return null;
    const [, property, operator, value] = match;
    return { ...(property ? { property } : {}), operator: operator as FilterOperator, value: value ?? '' };
  },
  serialize: ({ property, operator, value }) => `${property ?? ''}${operator}${value}`,
  eq: (a, b) => a.property === b.property && a.operator === b.operator && a.value === b.value,
});

const sortParser = createParser<{ by: string; descending: boolean }>({
  parse: (text) =>
    /^-?[A-Za-z][\w.-]*$/.test(text) ? { by: text.replace(/^-/, ''), descending: text.startsWith('-') } : null,
  serialize: ({ by, descending }) => (descending ? `-${by}` : by),
  eq: (a, b) => a.by === b.by && a.descending === b.descending,
});

/** Opaque; what is no cursor at all is none. */
const cursorParser = createParser<string>({
  parse: (text) => (/^[\w-]{1,4000}$/.test(text) ? text : null),
  serialize: (cursor) => cursor,
});

/** The parameters of a table in the URL. A page with two tables gives the second one a prefix. */
export const tableParsers = {
  page: parseAsInteger.withDefault(1),
  /** The cursor of a page that lies beyond the numbered ones. */
  after: cursorParser,
  size: parseAsInteger,
  sort: sortParser,
  q: parseAsNativeArrayOf(filterTokenParser).withDefault([]),
  op: parseAsStringLiteral(['and', 'or']).withDefault('and'),
  sel: parseAsArrayOf(parseAsString).withDefault([]),
};

export interface TableParameters {
  page: number;
  after: string | null;
  size: number | null;
  sort: { by: string; descending: boolean } | null;
  q: FilterToken[];
  op: 'and' | 'or';
}

export const tableUrlKeys = (prefix: string): Record<keyof typeof tableParsers, string> => ({
  page: `${prefix}page`,
  after: `${prefix}after`,
  size: `${prefix}size`,
  sort: `${prefix}sort`,
  q: `${prefix}q`,
  op: `${prefix}op`,
  sel: `${prefix}sel`,
});

/** From what stands in the URL to a query that a server accepts, whatever somebody typed there. */
export function toTableQuery(url: TableParameters, defaults: TableDefaults): TableQuery {
  const size = url.size ?? defaults.pageSize;
  return {
    page: Math.min(1_000_000, Math.max(1, url.page)),
    pageSize: PAGE_SIZES.find((known) => known === size) ?? defaults.pageSize,
    cursor: url.after,
    sort: url.sort ?? defaults.sort,
    filter: { operation: url.op, tokens: url.q.slice(0, MAX_TOKENS) },
  };
}

/** For server components that prefetch: the query that the page's table will ask. */
export async function tableQueryOf(
  searchParams: Promise<Record<string, string | string[] | undefined>>,
  defaults: TableDefaults,
  prefix = '',
): Promise<TableQuery> {
  return toTableQuery(await createLoader(tableParsers, { urlKeys: tableUrlKeys(prefix) })(searchParams), defaults);
}
