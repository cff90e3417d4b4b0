// Finds the page of a list: which rows, and how many there are. Nothing here reads more rows than a stated number, however
// many there are, but for a filter that many rows fit and none of the first thousands in the list's order (the end of `pageFrom`).
//
// PostgreSQL alone would choose by what it believes of the filter: wrong once in a while, and then it reads a whole table.
// So the choice is made here, by counts that are bounded. A filter that few rows fit is followed by its own index, and its
// rows are sorted; else the index of the order is walked, and rows that do not fit are passed over.
import { and, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Database, Queries } from '../../db/client.ts';
import { type List, type Order, orderOf } from './list-columns.ts';
import { type Cursor, type Key, readCursor, writeCursor } from './list-cursor.ts';
import { type Arm, anyOf, type Test, testOf } from './list-filter.ts';
import { type ListPage, type ListQuery, NUMBERED_ROWS } from './list-page.ts';

/** So many rows are fetched by the filter's index and sorted. */
const FEW = 4000;
/** So many are passed by on a walk along the order's index before the filter's is taken. */
const WALK = 5000;
/** For a numbered page further back. */
const LONG_WALK = 100_000;
/** What is counted by looking at rows, and not at an index alone: fewer. */
const COUNTED_ROWS = 2000;

interface Row extends Key {
  /** Rows seen up to it on the walk. */
  seen: number;
}

interface Search {
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
}

interface From {
  offset: number;
  key: Key | null;
  back: boolean;
  limit: number;
}

/** One part of a list's order: rows with a value in the sorted column stand before those without one. */
type Part = 'value' | 'none';

/**
 * The page of a query. `rows` fetches what is shown of the rows that `here` holds, in any order; joins and JSON are worked
 * out for these alone.
 * @param also a condition beside the person's, such as the job of which they are the runs
 */
export async function findPage<Item>(
  db: Database,
  list: List,
  workspaceId: string,
  query: ListQuery,
  rows: (tx: Queries, here: SQL) => Promise<(Item & { id: string | number })[]>,
  also: Test[] = [],
): Promise<ListPage<Item>> {
  const order = orderOf(list, query.sort);
  const asked = query.filter.tokens.map((token) => testOf(token, list));
  const tests = [...(query.filter.operation === 'or' && asked.length > 1 ? [anyOf(asked)] : asked), ...also];
  return db.transaction(
    async (tx) => {
      // No scan of a whole table, no compiling, and plans for the values that were given: a general one knows nothing of them.
      await tx.execute(sql`select set_config('enable_seqscan', 'off', true), set_config('random_page_cost', '1.1', true),
        set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
        set_config('plan_cache_mode', 'force_custom_plan', true), set_config('work_mem', '32MB', true)`);
      const search: Search = {
        tx,
        list,
        scope: and(sql`${list.workspaceId} = ${workspaceId}`, list.is) as SQL,
        loose: and(sql`${list.workspaceId} || '' = ${workspaceId}`, list.is) as SQL,
        order,
        tests,
        fits:
          tests.length === 0
            ? null
            : sql.join(
                tests.map(({ fits }) => fits),
                sql` and `,
              ),
      };
      const found = await find(search, query);
      const ids = found.rows.map(({ id }) => id);
      const items = ids.length === 0 ? [] : await rows(tx, sql`${list.id} = any(${sql.param(ids)})`);
      const byId = new Map(items.map((item) => [String(item.id), item]));
      // A row that was deleted meanwhile is left out.
      return { ...found.answer, items: ids.flatMap((id) => byId.get(id) ?? []) };
    },
    { accessMode: 'read only' },
  );
}

async function find(search: Search, query: ListQuery) {
  const size = query.pageSize;
  const given = query.cursor === null ? null : readCursor(query.cursor, query.sort);
  const cursor = given && fitsColumns(given, search) ? given : null;
  const page = query.cursor !== null && !cursor ? 1 : Math.min(query.page, Math.ceil(NUMBERED_ROWS / size));
  const from: From = {
    offset: cursor ? 0 : (page - 1) * size,
    key: cursor,
    back: cursor?.direction === 'before',
    limit: size + 1,
  };
  let found = await pageFrom(search, from);
  if (from.back && found.rows.length < size) {
    // The beginning was reached within the page: it is the first one, and whole.
    Object.assign(from, { key: null, back: false });
    found = await pageFrom(search, from);
  }
  const further = found.rows.length > size;
  const rows = found.rows.slice(0, size);
  if (from.back) rows.reverse();
  const isFirst = from.back ? !further : from.key === null && from.offset === 0;
  const isLast = from.back ? false : !further;
  const at = (direction: Cursor['direction'], key: Key | undefined): string | null =>
    key
      ? writeCursor({
          direction,
          by: query.sort?.by ?? null,
          descending: query.sort?.descending ?? false,
          value: key.value,
          id: key.id,
        })
      : null;
  return {
    rows,
    answer: {
      ...found.count,
      next: isLast ? null : at('after', rows.at(-1)),
      previous: isFirst ? null : at('before', rows[0]),
    },
  };
}

/** A cursor is text from outside; one that the columns cannot take belongs to nothing that we gave out. */
function fitsColumns({ value, id }: Cursor, { order: { by }, list }: Search): boolean {
  if (list.id.getSQLType() !== 'text' && !/^\d{1,15}$/.test(id)) return false;
  if (value === null) return by === null || !by.column.notNull;
  return by !== null && (TAKES[typeOf(by.column)] ?? (() => true))(value);
}

const TAKES: Record<string, (value: string) => boolean> = {
  timestamptz: (value) => {
    const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?[+-]\d\d(:\d\d)?$/.exec(value) ?? [];
    const moment = new Date(`${day}T${time}Z`);
    return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(`${day}T${time}`);
  },
  bigint: (value) => /^-?\d{1,15}$/.test(value),
  float8: (value) => /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(value) && Number.isFinite(Number(value)),
};

/** As what a value of the column is handed over; an index over a smaller number takes a bigint as well. */
function typeOf(column: PgColumn): string {
  const type = column.getSQLType();
  if (type.startsWith('timestamp')) return 'timestamptz';
  if (/int|serial/.test(type)) return 'bigint';
  return type === 'double precision' ? 'float8' : 'text';
}

interface Found {
  rows: Row[];
  count: { total: number; more: boolean };
}

async function pageFrom(search: Search, from: From): Promise<Found> {
  if (!search.fits) {
    const { rows } = await walk(search, from, null);
    return { rows, count: bounded(await countArms(search, [everything(search)]), NUMBERED_ROWS) };
  }
  const counts = await countTests(search);
  const fewest = Math.min(...counts);
  const driver = Number.isFinite(fewest) ? (search.tests[counts.indexOf(fewest)]?.arms ?? null) : null;
  if (driver && fewest <= FEW) return sorted(search, from, driver, FEW);

  const walked = await walk(search, from, from.offset === 0 ? WALK : LONG_WALK);
  const text = search.tests.find(({ arms }) => arms?.some(({ by }) => by === null))?.arms ?? null;
  if (!walked.complete) {
    const found = text ? await sorted(search, from, text, FEW) : null;
    if (found && !found.count.more) return found;
    const by = driver ?? text;
    return by ? sorted(search, from, by, null) : scanned(search, from);
  }
  const [only] = search.tests;
  if (search.tests.length === 1 && only?.apart && only.arms)
    return { rows: walked.rows, count: bounded(fewest, NUMBERED_ROWS) };
  const isWhole = from.key === null && walked.rows.length < from.limit && walked.rows.length > 0;
  if (isWhole) return { rows: walked.rows, count: { total: from.offset + walked.rows.length, more: false } };
  const last = walked.rows.at(-1);
  const isRare = !last || last.seen > 20 * walked.rows.length;
  const count = await countRows(search, isRare ? text : null);
  return { rows: walked.rows, count: { ...count, total: Math.max(count.total, from.offset + walked.rows.length) } };
}

const bounded = (count: number, most: number) => ({ total: Math.min(count, most), more: count > most });

/** All rows of the list, by the index of its order. */
const everything = ({ order, list }: Search): Arm => ({ where: sql`true`, by: order.by?.column ?? list.id });

const ascending = (list: List, column: PgColumn) => (column === list.id ? sql`${list.id}` : sql`${column}, ${list.id}`);

/** Rows that an index finds, at most so many; under the table's own name, so that conditions can be put on them. */
function found({ list, scope, loose }: Search, { where, by }: Arm, most: number | null): SQL {
  const limit = most === null ? sql`` : sql`limit ${most}`;
  const rows = by
    ? sql`select * from ${list.table} where ${scope} and ${where} order by ${ascending(list, by)} ${limit}`
    : sql`select * from ${list.table} where ${loose} and ${where} ${limit}`;
  return sql`(${rows}) as ${list.table}`;
}

/** How many rows the tests' own indexes hold for them, each up to one more than is ever told; text is not counted. */
async function countTests(search: Search): Promise<number[]> {
  const counted = search.tests.map(({ arms }) => (arms?.every(({ by }) => by !== null) ? arms : null));
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

async function countArms(search: Search, arms: Arm[]): Promise<number> {
  return (await onlyRow<{ count: number }>(search.tx, sql`select ${countOf(search, arms)} as count`)).count;
}

async function onlyRow<Row>(tx: Queries, statement: SQL): Promise<Row> {
  // A comment first: statements of as many forms as there are filters are not to be prepared under names.
  const { rows } = await tx.execute(sql`/* list */ ${statement}`);
  return rows[0] as Row;
}

/** The rows that fit, found by an index of the filter and sorted. Of each arm at most `most` rows are looked at. */
async function sorted(search: Search, from: From, arms: Arm[], most: number | null): Promise<Found> {
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
async function walk(search: Search, from: From, most: number | null): Promise<{ rows: Row[]; complete: boolean }> {
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
async function countRows(search: Search, arms: Arm[] | null): Promise<{ total: number; more: boolean }> {
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

/** The last resort, for a filter that no index knows and that the order's first thousands do not fit: as long as it takes. */
async function scanned(search: Search, from: From): Promise<Found> {
  const { rows } = await walk(search, from, null);
  if (from.key === null && rows.length < from.limit && (rows.length > 0 || from.offset === 0))
    return { rows, count: { total: from.offset + rows.length, more: false } };
  const count = await countRows(search, null);
  return { rows, count: { ...count, total: Math.max(count.total, from.offset + rows.length) } };
}
