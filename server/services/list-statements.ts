// The statements of a list: rows found by a filter's index and sorted, rows along the index of the order, and bounded counts.
// Which of them a page takes is decided in list-find.ts.
import { and, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Queries } from '../../db/client.ts';
import type { List, Order } from './list-columns.ts';
import type { Key } from './list-cursor.ts';
import type { Arm, Test } from './list-filter.ts';
import { NUMBERED_ROWS } from './list-page.ts';

/** So many are passed by on a walk along the order's index before the filter's is taken. */
export const WALK = 5000;
/** What is counted by looking at rows, and not at an index alone: fewer. */
const COUNTED_ROWS = 2000;

interface Row extends Key {
  /** Rows seen up to it on the walk. */
  seen: number;
}

export interface Search {
  tx: Queries;
  list: List;
  /** The workspace, and what every row of the list is. */
  scope: SQL;
  /** The same for the trigram index: no other may be taken for it. */
  loose: SQL;
  order: Order;
  /** A row is in the list when it fits all of them. */
  tests: Test[];
  /** All of them; null for none. */
  fits: SQL | null;
  /** The database sorts texts by code points, so that what starts alike stands together. */
  byCodePoint: boolean;
  /** Rows of the table as last estimated; negative when nobody has. */
  size: number;
}

export interface From {
  offset: number;
  key: Key | null;
  back: boolean;
  limit: number;
}

/** One part of a list's order: rows with a value in the sorted column stand before those without one. */
type Part = 'value' | 'none';

/** As what a value of the column is handed over; an index over a smaller number takes a bigint as well. */
export function typeOf(column: PgColumn): string {
  const type = column.getSQLType();
  if (type.startsWith('timestamp')) return 'timestamptz';
  if (/int|serial/.test(type)) return 'bigint';
  return type === 'double precision' ? 'float8' : 'text';
}

export interface Found {
  rows: Row[];
  count: { total: number; more: boolean };
}

export const bounded = (count: number, most: number) => ({ total: Math.min(count, most), more: count > most });

/** All rows of the list, by the index of its order. */
export const everything = ({ order, list }: Search): Arm => ({ where: sql`true`, by: order.by?.column ?? list.id });

const ascending = (list: List, column: PgColumn) => (column === list.id ? sql`${list.id}` : sql`${column}, ${list.id}`);

/** Rows that an index finds, at most so many; under the table's own name, so that conditions can be put on them. */
function found({ list, scope, loose }: Search, { where, by }: Arm, most: number | null): SQL {
  const limit = most === null ? sql`` : sql`limit ${most}`;
  const rows = by
    ? sql`select * from ${list.table} where ${scope} and ${where} order by ${ascending(list, by)} ${limit}`
    : sql`select * from ${list.table} where ${loose} and ${where} ${limit}`;
  return sql`(${rows}) as ${list.table}`;
}

/** What finds a test's rows, or more, in columns' own indexes; null where only the trigram index does, or nothing. */
export function countable({ byCodePoint }: Search, { arms, ranges }: Test): Arm[] | null {
  if (arms?.every(({ by }) => by !== null)) return arms;
  return byCodePoint && ranges && ranges.length > 0 ? ranges : null;
}

/** How many rows the tests' own indexes hold for them, each up to one more than is ever told; text is not counted. */
export async function countTests(search: Search): Promise<number[]> {
  const counted = search.tests.map((test) => countable(search, test));
  const columns = counted.flatMap((arms) => (arms ? [countOf(search, arms)] : []));
  if (columns.length === 0) return counted.map(() => Number.POSITIVE_INFINITY);
  const { counts } = await onlyRow<{ counts: number[] }>(
    search.tx,
    sql`select array[${sql.join(columns, sql`, `)}] as counts`,
  );
  return counted.map((arms) => (arms ? (counts.shift() ?? 0) : Number.POSITIVE_INFINITY));
}

function countOf(search: Search, arms: Arm[]): SQL {
  if (arms.length === 0) return sql`0`;
  const one = (arm: Arm) =>
    sql`(select count(*)::int from (select 1 from ${found(search, arm, NUMBERED_ROWS + 1)}) counted)`;
  return sql.join(arms.map(one), sql` + `);
}

export async function countArms(search: Search, arms: Arm[]): Promise<number> {
  return (await onlyRow<{ count: number }>(search.tx, sql`select ${countOf(search, arms)} as count`)).count;
}

async function onlyRow<Row>(tx: Queries, statement: SQL): Promise<Row> {
  // A comment first: statements of as many forms as there are filters are not to be prepared under names.
  const { rows } = await tx.execute(sql`/* list */ ${statement}`);
  return rows[0] as Row;
}

/** The rows that fit, found by an index of the filter and sorted. Of each arm at most `most` rows are looked at. */
export async function sorted(search: Search, from: From, arms: Arm[], most: number | null): Promise<Found> {
  const { list, order, fits } = search;
  if (arms.length === 0) return { rows: [], count: { total: 0, more: false } };
  const value = order.by?.column ?? list.id;
  const each = arms.map(
    (arm) => sql`select ${list.id} as id, ${value} as value, ${fits} as fits
      from ${found(search, arm, most === null ? null : most + 1)}`,
  );
  const down = order.descending !== from.back;
  const direction = down ? sql`desc` : sql`asc`;
  const nulls = from.back ? sql`nulls first` : sql`nulls last`;
  const page = sql`select id, value from found where fits and ${beyond(search, from)}
    order by value ${direction} ${nulls}, id ${direction} limit ${from.limit} offset ${from.offset}`;
  const answer = await onlyRow<{ seen: number; total: number; page: [string, string | null][] }>(
    search.tx,
    sql`with found as materialized (${sql.join(each, sql` union `)})
      select (select count(*)::int from found) as seen, (select count(*)::int from found where fits) as total,
        (select coalesce(json_agg(json_build_array(id::text, value::text)), '[]') from (${page}) page) as page`,
  );
  const isWhole = most === null || answer.seen <= most;
  return {
    rows: answer.page.map(([id, shown]) => ({ id, value: order.by ? shown : null, seen: 0 })),
    count: isWhole ? bounded(answer.total, NUMBERED_ROWS) : { total: roundDown(answer.total), more: true },
  };
}

/** What lies beyond a key, of columns `value` and `id`. */
function beyond({ order, list }: Search, { key, back }: From): SQL {
  if (!key) return sql`true`;
  const sign = order.descending !== back ? sql.raw('<') : sql.raw('>');
  const id = typed(key.id, list.id);
  if (!order.by) return sql`id ${sign} ${id}`;
  if (key.value === null)
    return back ? sql`(value is not null or id ${sign} ${id})` : sql`(value is null and id ${sign} ${id})`;
  const pair = sql`(value, id) ${sign} (${typed(key.value, order.by.column)}, ${id})`;
  return back ? pair : sql`(${pair} or value is null)`;
}

const typed = (value: string, column: PgColumn): SQL => sql`${value}::${sql.raw(typeOf(column))}`;

/** Along the index of the order, passing over what does not fit: at most `most` rows of each part. */
export async function walk(
  search: Search,
  from: From,
  most: number | null,
): Promise<{ rows: Row[]; complete: boolean }> {
  const { by } = search.order;
  const parts: Part[] = !by || by.column.notNull ? ['value'] : ['value', 'none'];
  if (from.back) parts.reverse();
  const rows: Row[] = [];
  let { offset } = from;
  let { key } = from;
  const start: Part = key && by && key.value === null ? 'none' : 'value';
  for (const part of key ? parts.slice(parts.indexOf(start)) : parts) {
    const limit = from.limit - rows.length;
    const here = await walkPart(search, part, { ...from, offset, key, limit }, most);
    rows.push(...here.rows);
    if (rows.length >= from.limit) break;
    if (!here.complete) return { rows, complete: false };
    if (offset > 0) offset = here.rows.length > 0 ? 0 : Math.max(0, offset - (await countPart(search, part, offset)));
    key = null;
  }
  return { rows, complete: true };
}

function inPart(search: Search, part: Part): SQL {
  const { by } = search.order;
  const is =
    by && !by.column.notNull ? sql`${by.column} is ${sql.raw(part === 'none' ? 'null' : 'not null')}` : undefined;
  return and(is, ...ends(search)) ?? sql`true`;
}

/** A range of the very column by which the list is sorted is where a walk begins and ends. */
function ends({ order, list, tests }: Search): SQL[] {
  const column = order.by?.column ?? list.id;
  return tests.flatMap(({ arms, implies }) => {
    const [arm] = arms ?? [];
    const own = arms?.length === 1 && arm?.by === column ? [arm.where] : [];
    return implies?.column === column ? [...own, implies.where] : own;
  });
}

function along({ order, list }: Search, down: boolean): SQL {
  const direction = down ? sql`desc` : sql`asc`;
  const id = sql`${list.id} ${direction}`;
  // The direction's own place of the nulls, that of the index read backwards: within a part there are none, or nothing else.
  return order.by && order.by.column !== list.id ? sql`${order.by.column} ${direction}, ${id}` : id;
}

async function walkPart(
  search: Search,
  part: Part,
  { offset, key, back, limit }: From,
  most: number | null,
): Promise<{ rows: Row[]; complete: boolean }> {
  const { tx, list, scope, order, fits } = search;
  const down = order.descending !== back;
  const value = order.by ? sql`${order.by.column}::text` : sql`null`;
  const where = and(scope, inPart(search, part), key ? beyondIn(search, part, key, down) : undefined);
  const rows = sql`select * from ${list.table} where ${where} order by ${along(search, down)}`;
  if (!fits || most === null) {
    const { rows: plain } = await tx.execute(
      sql`/* list */ select ${list.id}::text as id, ${value} as value, 0 as seen from ${list.table}
        where ${fits ? and(where, fits) : where} order by ${along(search, down)} limit ${limit} offset ${offset}`,
    );
    return { rows: plain as unknown as Row[], complete: true };
  }
  const { rows: walked } = await tx.execute(
    sql`/* list */ select ${list.id}::text as id, ${value} as value, seen::int as seen
      from (select *, row_number() over () as seen from (${rows} limit ${most}) as ${list.table}) as ${list.table}
      where ${fits} limit ${limit} offset ${offset}`,
  );
  if (walked.length === limit) return { rows: walked as unknown as Row[], complete: true };
  const { rows: beyondIt } = await tx.execute(
    sql`/* list */ select 1 from ${list.table} where ${where} order by ${along(search, down)} limit 1 offset ${most}`,
  );
  return { rows: walked as unknown as Row[], complete: beyondIt.length === 0 };
}

function beyondIn({ list, order }: Search, part: Part, key: Key, down: boolean): SQL {
  const sign = sql.raw(down ? '<' : '>');
  if (!order.by || part === 'none' || key.value === null || order.by.column === list.id)
    return sql`${list.id} ${sign} ${key.id}`;
  return sql`(${order.by.column}, ${list.id}) ${sign} (${typed(key.value, order.by.column)}, ${key.id})`;
}

/** Rows of a part, up to `most`: how many of a numbered page's offset lie in it. */
async function countPart(search: Search, part: Part, most: number): Promise<number> {
  const { list, scope, fits } = search;
  const rows = sql`select 1 from ${list.table} where ${and(scope, inPart(search, part), fits ?? undefined)}
    order by ${along(search, false)} limit ${most}`;
  return ((await onlyRow(search.tx, sql`select count(*)::int as count from (${rows}) counted`)) as { count: number })
    .count;
}

/** A lower bound, or all of them, from as many rows as a page may cost. */
export async function countRows(search: Search, arms: Arm[] | null): Promise<{ total: number; more: boolean }> {
  if (arms) {
    const found = await sorted(search, { offset: 0, key: null, back: false, limit: 1 }, arms, COUNTED_ROWS);
    return found.count;
  }
  const seen = sql`select (${search.fits}) as fits from ${found(search, { ...everything(search), where: and(...ends(search)) ?? sql`true` }, WALK + 1)}`;
  const counted = await onlyRow<{ seen: number; count: number }>(
    search.tx,
    sql`select count(*)::int as seen, (count(*) filter (where fits))::int as count from (${seen}) seen`,
  );
  if (counted.seen <= WALK) return { total: counted.count, more: false };
  return { total: roundDown(counted.count), more: true };
}

/** "3,000+" and not "3,412+": it is a bound, and no number that is known. */
function roundDown(count: number): number {
  const unit = 10 ** Math.max(0, String(count).length - 1);
  return count < 100 ? count : Math.floor(count / unit) * unit;
}
