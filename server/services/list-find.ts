// Finds the page of a list: which rows, and how many there are. Nothing here reads more rows than a stated number, however
// many there are, but for a filter that many rows fit and none of the first thousands in the list's order (the end of `pageFrom`).
//
// PostgreSQL alone would choose by what it believes of the filter: wrong once in a while, and then it reads a whole table.
// So the choice is made here, by counts that are bounded. A filter that few rows fit is followed by its own index, and its
// rows are sorted; else the index of the order is walked, and rows that do not fit are passed over.
import { and, getTableName, type SQL, sql } from 'drizzle-orm';
import type { Database, Queries } from '../../db/client.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { type List, orderOf } from './list-columns.ts';
import { type Cursor, type Key, readCursor, writeCursor } from './list-cursor.ts';
import { anyOf, type Test, testOf } from './list-filter.ts';
import { type ListPage, type ListQuery, NUMBERED_ROWS } from './list-page.ts';
import {
  bounded,
  countArms,
  countable,
  countRows,
  countTests,
  everything,
  type Found,
  type From,
  type Search,
  sorted,
  typeOf,
  WALK,
  walk,
} from './list-statements.ts';

/** So many rows are fetched by the filter's index and sorted. */
const FEW = 4000;
/** For a numbered page further back. */
const LONG_WALK = 100_000;

/** Our own PostgreSQL does (db/postgres/cluster.ts); of another, what its catalog says. Version 14 has no provider. */
const BY_CODE_POINT = sql`(select case coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') when 'b' then true
  when 'c' then datcollate in ('C', 'POSIX', 'C.UTF-8', 'C.utf8') else false end
  from pg_database d where datname = current_database())`;

/**
 * The page of a query. `rows` fetches what is shown of the rows that `here` holds, in any order; joins and JSON are worked
 * out for these alone.
 * @param also a condition beside the person's, such as the job of which they are the runs
 */
export async function findPage<Item>(
  db: Database,
  list: List,
  workspaceId: WorkspaceId,
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
      const { rows: settings } = await tx.execute<{
        byCodePoint: boolean;
        size: number;
      }>(sql`select ${BY_CODE_POINT} as "byCodePoint",
        (select reltuples::float8 from pg_class where oid = ${sql.param(getTableName(list.table))}::text::regclass) as size,
        set_config('enable_seqscan', 'off', true), set_config('random_page_cost', '1.1', true),
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
        byCodePoint: settings[0]?.byCodePoint === true,
        size: settings[0]?.size ?? -1,
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

async function pageFrom(search: Search, from: From): Promise<Found> {
  if (!search.fits) {
    const { rows } = await walk(search, from, null);
    return { rows, count: bounded(await countArms(search, [everything(search)]), NUMBERED_ROWS) };
  }
  const counts = await countTests(search);
  const fewest = Math.min(...counts);
  const fewestOf = search.tests[counts.indexOf(fewest)];
  const driver = fewestOf && Number.isFinite(fewest) ? countable(search, fewestOf) : null;
  if (driver && fewest <= FEW) return sorted(search, from, driver, FEW);

  const text = search.tests.find(({ arms }) => arms?.some(({ by }) => by === null))?.arms ?? null;
  const most = text ? textWalk(search, from) : WALK;
  const walked = await walk(search, from, from.offset === 0 ? most : LONG_WALK);
  if (!walked.complete) {
    const found = text ? await sorted(search, from, text, FEW) : null;
    if (found && !found.count.more) return found;
    const by = (fewest <= NUMBERED_ROWS ? driver : null) ?? text ?? driver;
    return by ? sorted(search, from, by, null) : scanned(search, from);
  }
  const [only] = search.tests;
  if (search.tests.length === 1 && driver && only && (driver === only.ranges ? only.rangesFit : only.apart))
    return { rows: walked.rows, count: bounded(fewest, NUMBERED_ROWS) };
  const isWhole = from.key === null && walked.rows.length < from.limit && walked.rows.length > 0;
  if (isWhole) return { rows: walked.rows, count: { total: from.offset + walked.rows.length, more: false } };
  const last = walked.rows.at(-1);
  const isRare = !last || (last.seen > 20 * walked.rows.length && expected(search, last.seen, walked.rows) < 10 * FEW);
  const count = await countRows(search, isRare ? text : null);
  return { rows: walked.rows, count: withSeen(count, from, walked.rows) };
}

/** How many rows of the whole table fit, if they do as often as on the walk. */
function expected({ size }: Search, seen: number, rows: Found['rows']): number {
  return (size * rows.length) / seen;
}

/**
 * What the index for texts finds few rows of is not worth a long walk: it goes on for twice as many rows as hold a page of
 * a text that fits just too many. A table that was never analysed tells no size.
 */
function textWalk({ size }: Search, { limit }: From): number {
  return size < 0 ? WALK : Math.min(WALK, Math.max(500, Math.ceil((2 * limit * size) / FEW)));
}

/** As many as there are up to the last row of the page, at least; of a page that is not there nothing follows. */
function withSeen(count: Found['count'], from: From, rows: Found['rows']): Found['count'] {
  return rows.length === 0 ? count : { ...count, total: Math.max(count.total, from.offset + rows.length) };
}

/** The last resort, for a filter that no index knows and that the order's first thousands do not fit: as long as it takes. */
async function scanned(search: Search, from: From): Promise<Found> {
  const { rows } = await walk(search, from, null);
  if (from.key === null && rows.length < from.limit && (rows.length > 0 || from.offset === 0))
    return { rows, count: { total: from.offset + rows.length, more: false } };
  const count = await countRows(search, null);
  return { rows, count: withSeen(count, from, rows) };
}
