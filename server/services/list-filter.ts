// Filters of a list as SQL: each token's condition, and by which index its rows can be found.
import { or, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { faultError } from '../../replication/model/fault.ts';
import { type Column, columnOf, type List, type Token } from './list-columns.ts';

/** Rows that one index finds. */
export interface Arm {
  where: SQL;
  /** The column of the index (workspace, column, id); null for the trigram index. */
  by: PgColumn | null;
}

export interface Test {
  /** True for the rows that match, and never null. */
  fits: SQL;
  /** Together they find every row that matches, and hardly another; null where none can, as for "does not contain". */
  arms: Arm[] | null;
  /** No row is found by two arms, and every row that is found fits: counting them counts the rows. */
  apart?: true;
  /** Of a text: ranges of the column's own index that hold every row that fits, by code points. */
  ranges?: Arm[];
  /** Every row of the ranges fits: counting them counts the rows. */
  rangesFit?: true;
  /** What is true of another column of every row that fits. */
  implies?: { column: PgColumn; where: SQL };
}

const NOTHING: Test = { fits: sql`false`, arms: [] };
const EVERYTHING: Test = { fits: sql`true`, arms: null };

export function testOf(token: Token, list: List): Test {
  const negated = token.operator.startsWith('!');
  if (!token.property) {
    const test = freeText(token.value, list);
    return negated ? not(test) : test;
  }
  const { sortedBy, ...column } = columnOf(token.property, list);
  // An index over the beginnings of texts does not find a whole one.
  if (sortedBy) column.indexed = false;
  const { operator, value } = token;
  if (operator.includes(':') || operator.includes('^')) {
    // What contains the beginning that all of them have can only start with it.
    const start = operator.includes('^') || (column.begins && value.toLowerCase().startsWith(column.begins)) === true;
    const test = likeness(column, start, value, list);
    if (negated) return not(test);
    const own = sortedBy ?? (column.indexed === false ? null : column.column);
    if (start && own && column.kind === 'text') {
      const { ranges, fit } = startingWith(own, value, column.begins !== undefined);
      test.ranges = ranges;
      if (fit) test.rangesFit = true;
    } else if (own && own === column.column && column.kind === 'text' && !own.notNull) {
      // Of a column that is mostly empty, such as a public address, the rows with a value are few.
      test.ranges = [{ where: sql`${own} is not null`, by: own }];
    }
    return test;
  }
  if (column.kind === 'number') return column.age ? ages(column, token) : numbers(column, token);
  if (column.kind === 'date') {
    const test = compared(column.column, operator, moment(token));
    if (!column.since || !operator.startsWith('<')) return test;
    return {
      ...test,
      implies: { column: column.since, where: sql`${column.since} < ${moment(token)} + interval '1 hour'` },
    };
  }
  if (column.indexed === false && operator === '=') {
    return { fits: sql`coalesce(${column.column} = ${value}, false)`, arms: searched(value, list).arms };
  }
  return compared(column.column, operator, sql`${value}`, column.indexed !== false);
}

/** All rows with a value in a column that has an index of its own. */
export function rowsOf(column: PgColumn, value: string): Test {
  return compared(column, '=', sql`${value}`);
}

/** Fits one of them at least. */
export function anyOf(tests: Test[]): Test {
  const arms = tests.every((test) => test.arms) ? tests.flatMap((test) => test.arms ?? []) : null;
  return {
    fits: sql`(${sql.join(
      tests.map(({ fits }) => fits),
      sql` or `,
    )})`,
    arms,
  };
}

const not = (test: Test): Test => ({ fits: sql`not ${test.fits}`, arms: null });

function compared(column: PgColumn, operator: Token['operator'], value: SQL, indexed = true): Test {
  const arm = (where: SQL): Arm => ({ where, by: column });
  if (operator === '!=') {
    const arms = [arm(sql`${column} < ${value}`), arm(sql`${column} > ${value}`), arm(sql`${column} is null`)];
    return { fits: sql`${column} is distinct from ${value}`, arms: indexed ? arms : null, apart: true };
  }
  const where = {
    '=': sql`${column} = ${value}`,
    '>': sql`${column} > ${value}`,
    '>=': sql`${column} >= ${value}`,
    '<': sql`${column} < ${value}`,
    '<=': sql`${column} <= ${value}`,
  }[operator as '=' | '>' | '>=' | '<' | '<='];
  return { fits: sql`coalesce(${where}, false)`, arms: indexed ? [arm(where)] : null, apart: true };
}

/** Contains, or starts with. A choice is one of its values; a text is found in `search`, and then looked at itself. */
function likeness(column: Column, start: boolean, value: string, list: List): Test {
  const fitting = column.values?.filter((one) => (start ? one.startsWith(value.toLowerCase()) : contains(one, value)));
  if (fitting) return oneOf(column.column, fitting, column.indexed !== false);
  const own = start
    ? sql`${column.column}::text ilike ${`${literal(value)}%`}`
    : isShort(value)
      ? sql`${column.column}::text ilike ${`%${literal(value)}%`} and ${column.column}::text ~* ${wordStart(value)}`
      : sql`${column.column}::text ilike ${`%${literal(value)}%`}`;
  const isSearched = column.kind === 'text' || column.kind === 'choice';
  return { fits: sql`coalesce(${own}, false)`, arms: isSearched ? searched(value, list).arms : null };
}

/** So many of the first characters as keep the ways of writing them, large and small, to this number. */
const MOST_RANGES = 16;
/** Also what is no letter of ASCII and yet the capital of one. */
const WRITTEN: Record<string, readonly string[]> = { i: ['i', 'I', '\u0130'], k: ['k', 'K', '\u212a'] };

/**
 * Ranges of the column's index that hold what starts with the value, whatever its case; none for a start that is not ASCII.
 * They `fit` when nothing else is in them: the whole value is in ASCII, and so is every way of writing it.
 */
export function startingWith(column: PgColumn, value: string, neverCapital: boolean): { ranges: Arm[]; fit: boolean } {
  let starts = [''];
  let fit = true;
  for (const one of value.toLowerCase()) {
    const ways = neverCapital ? [one] : (WRITTEN[one] ?? [...new Set([one, one.toUpperCase()])]);
    if (one < ' ' || one > '~' || starts.length * ways.length > MOST_RANGES) {
      fit = false;
      break;
    }
    if (ways === WRITTEN[one]) fit = false;
    starts = starts.flatMap((start) => ways.map((way) => start + way));
  }
  if (starts[0] === '') return { ranges: [], fit: false };
  const after = (start: string) =>
    start.slice(0, -1) + String.fromCodePoint((start.codePointAt(start.length - 1) ?? 0) + 1);
  const range = (start: string) => sql`(${column} >= ${start} and ${column} < ${after(start)})`;
  return { ranges: starts.map((start) => ({ where: range(start), by: column })), fit };
}

function freeText(value: string, list: List): Test {
  const found = searched(value, list);
  const choices = Object.values(list.columns).flatMap((column) => {
    const fitting = column.values?.filter((one) => contains(one, value)) ?? [];
    return fitting.length > 0 ? [oneOf(column.column, fitting, column.indexed !== false)] : [];
  });
  return choices.length === 0 ? found : anyOf([found, ...choices]);
}

function oneOf(column: PgColumn, values: readonly string[], indexed: boolean): Test {
  if (values.length === 0) return NOTHING;
  const arms = values.map((value) => ({ where: sql`${column} = ${value}`, by: column }));
  return {
    fits: sql`coalesce(${or(...arms.map(({ where }) => where))}, false)`,
    arms: indexed ? arms : null,
    apart: true,
  };
}

/**
 * A text somewhere in `search`. The index knows threes of letters, so what is shorter is looked for at the start of words,
 * where it makes a three with the space before it.
 */
export function searched(value: string, list: Pick<List, 'search'>): Test {
  const short = isShort(value);
  const found = short
    ? sql`${list.search} ~ lower(${wordStart(value)})`
    : sql`${list.search} like lower(${`%${literal(value)}%`})`;
  // Row by row, a regular expression costs ten times as much as looking whether it can match at all.
  const fits = short ? sql`position(lower(${value}) in ${list.search}) > 0 and ${found}` : found;
  const known = short || THREE.test(value);
  return { fits: sql`coalesce(${fits}, false)`, arms: known ? [{ where: found, by: null }] : null };
}

/** A three that the index knows: of letters and digits, or at the edge of a word. */
const THREE = /[\p{L}\p{N}]{3}|[^\p{L}\p{N}][\p{L}\p{N}]|[\p{L}\p{N}]{2}[^\p{L}\p{N}]/u;

/** Too short for the index, unless what stands before it is told: the start of a word. */
const isShort = (value: string) => /^[\p{L}\p{N}]/u.test(value) && [...value].length < 3 && !WITHOUT_SPACES.test(value);
/** Scripts in which two letters are a word, and no space says where it begins. */
const WITHOUT_SPACES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
const literal = (value: string) => value.replace(/[\\%_]/g, (special) => `\\${special}`);

/** What stands between words; named one by one, since the index cannot use "anything that is no letter". */
const BETWEEN_WORDS = '[ \t\n./:;,_()\\[\\]{}@&+#\'"|=\\\\-]';
const wordStart = (value: string) => `(^|${BETWEEN_WORDS})${value.replace(/[^\p{L}\p{N}]/gu, (one) => `\\${one}`)}`;

/** As `searched`, of a word of ours. */
function contains(word: string, value: string): boolean {
  const wanted = value.toLowerCase();
  return isShort(wanted) ? word.split(/[^a-z0-9]/).some((part) => part.startsWith(wanted)) : word.includes(wanted);
}

function numberOf(token: Token): number {
  const number = Number(token.value);
  if (token.value.trim() !== '' && Number.isFinite(number)) return number;
  throw faultError('input-invalid', { message: `"${token.value}" is not a number, as ${token.property} needs one.` });
}

function numbers({ column, per = 1 }: Column, token: Token): Test {
  const number = Math.min(Math.max(numberOf(token) * per, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  if (!/^(integer|bigint|smallint)$/.test(column.getSQLType())) {
    return compared(column, token.operator, sql`${number}::float8`);
  }
  // Between two whole numbers: the same rows by the whole number beside it, which the index knows.
  const up = token.operator === '>=' || token.operator === '<';
  const whole = up ? Math.ceil(number) : Math.floor(number);
  if (whole !== number && token.operator === '=') return NOTHING;
  if (whole !== number && token.operator === '!=') return EVERYTHING;
  return compared(column, token.operator, sql`${whole}::bigint`);
}

const OF_MOMENT = { '>': '<', '>=': '<=', '<': '>', '<=': '>=' } as const;
const MOST_HOURS = 10_000_000;

function ages({ column }: Column, token: Token): Test {
  const hours = Math.min(Math.max(numberOf(token), -MOST_HOURS), MOST_HOURS);
  const operator = OF_MOMENT[token.operator as keyof typeof OF_MOMENT] ?? token.operator;
  return compared(column, operator, sql`(now() - make_interval(secs => ${hours * 3600}::float8))`);
}

function moment({ value, property }: Token): SQL {
  const date = new Date(value);
  const year = date.getUTCFullYear();
  if (year > 0 && year < 10_000) return sql`${date.toISOString()}::timestamptz`;
  throw faultError('input-invalid', { message: `"${value}" is not a date, as ${property} needs one.` });
}
