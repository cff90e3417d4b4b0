// What every list is asked and answers. The lists of the fleet are found by list-find.ts; here is what does for a short one.
import { and, asc, desc, or, type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import { faultError } from '../../replication/model/fault.ts';
import { wellFormedText } from '../../replication/model/foreign-text.ts';

const tokenSchema = z.object({
  /** A column's id; left out for free text over all text columns. */
  property: z.string().max(60).optional(),
  operator: z.enum(['!=', '!:', '!^', '>=', '<=', '=', ':', '^', '>', '<']),
  value: z.string().max(300).overwrite(wellFormedText),
});

/** What every list takes. */
export const listQuerySchema = z.object({
  page: z.number().int().min(1).max(1_000_000),
  pageSize: z.number().int().min(1).max(100),
  /** From the answer before: the page lies beyond the numbered ones, and `page` is only what is shown. Null: by number. */
  cursor: z.string().max(4000).nullable().default(null),
  sort: z.object({ by: z.string().max(60), descending: z.boolean() }).nullable(),
  filter: z.object({ operation: z.enum(['and', 'or']), tokens: z.array(tokenSchema).max(20) }),
});
export type ListQuery = z.infer<typeof listQuerySchema>;

/** Rows whose pages have numbers; what lies beyond is reached by cursor. Nothing counts further than this either. @public */
export const NUMBERED_ROWS = 10_000;

export interface ListPage<Item> {
  items: Item[];
  /** All that match, not only this page; with `more` there are more than so many. */
  total: number;
  /** `total` is a lower bound: "10,000+". */
  more: boolean;
  /** Cursor of the page after this one; null at the end. */
  next: string | null;
  /** Cursor of the page before this one; null at the beginning. */
  previous: string | null;
}

/** The answer of a list that has no cursors. */
export function wholePage<Item>(items: Item[], total: number): ListPage<Item> {
  return { items, total, more: false, next: null, previous: null };
}

export interface ListColumn {
  sql: SQL | AnyPgColumn;
  kind: 'text' | 'choice' | 'number' | 'date';
}

/** For a list of a few rows, such as connectors, all of which may be read: clauses for a query over `columns`; `tieBreaker` makes the order total, so that pages never overlap. */
export function listClauses(
  query: ListQuery,
  columns: Record<string, ListColumn>,
  tieBreaker: SQL | AnyPgColumn,
): { where: SQL | undefined; orderBy: SQL[]; limit: number; offset: number } {
  const conditions = query.filter.tokens.map((token) => condition(token, columns));
  const where = query.filter.operation === 'and' ? and(...conditions) : or(...conditions);
  const orderBy: SQL[] = [];
  if (query.sort) {
    const by = columnOf(query.sort.by, columns).sql;
    orderBy.push(query.sort.descending ? sql`${by} desc nulls last` : sql`${by} asc nulls last`);
  }
  orderBy.push(query.sort?.descending ? desc(tieBreaker) : asc(tieBreaker));
  return { where, orderBy, limit: query.pageSize, offset: (query.page - 1) * query.pageSize };
}

function columnOf(id: string, columns: Record<string, ListColumn>): ListColumn {
  const column = Object.hasOwn(columns, id) ? columns[id] : undefined;
  if (column) return column;
  throw faultError('input-invalid', {
    message: `This table has no column "${id}".`,
    remedy: 'Clear the filter and the sorting of the table.',
  });
}

function condition(token: ListQuery['filter']['tokens'][number], columns: Record<string, ListColumn>): SQL {
  if (!token.property) {
    const texts = Object.values(columns).filter((column) => column.kind === 'text' || column.kind === 'choice');
    const any = or(...texts.map((column) => sql`${column.sql}::text ilike ${pattern(token)}`)) ?? sql`false`;
    return token.operator.startsWith('!') ? sql`not coalesce(${any}, false)` : any;
  }
  const column = columnOf(token.property, columns);
  const { operator, value } = token;
  if (operator.includes(':') || operator.includes('^')) {
    const like = sql`coalesce(${column.sql}::text, '') ilike ${pattern(token)}`;
    return operator.startsWith('!') ? sql`not ${like}` : like;
  }
  const given = comparable(column, token.property, value);
  switch (operator) {
    case '=':
      return sql`${column.sql} = ${given}`;
    case '!=':
      return sql`${column.sql} is distinct from ${given}`;
    case '>':
      return sql`${column.sql} > ${given}`;
    case '<':
      return sql`${column.sql} < ${given}`;
    case '>=':
      return sql`${column.sql} >= ${given}`;
    default:
      return sql`${column.sql} <= ${given}`;
  }
}

function pattern(token: { operator: string; value: string }): string {
  const literal = token.value.replace(/[\\%_]/g, (special) => `\\${special}`);
  if (token.operator.includes('^')) return `${literal}%`;
  if (token.operator.includes(':')) return `%${literal}%`;
  return literal;
}

function comparable(column: ListColumn, id: string, value: string): SQL {
  if (column.kind === 'number') {
    const number = Number(value);
    if (value.trim() !== '' && Number.isFinite(number)) return sql`${number}`;
    throw faultError('input-invalid', { message: `"${value}" is not a number, as ${id} needs one.` });
  }
  if (column.kind === 'date') {
    const date = new Date(value);
    if (!Number.isNaN(date.getTime())) return sql`${date.toISOString()}::timestamptz`;
    throw faultError('input-invalid', { message: `"${value}" is not a date, as ${id} needs one.` });
  }
  return sql`${value}`;
}
