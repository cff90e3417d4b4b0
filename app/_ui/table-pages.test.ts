import { describe, expect, it } from 'vitest';
import { correction, countText, numberedPages, placeOf, spokenCount, type TablePage } from './table-pages.ts';
import type { TableQuery } from './table-query.ts';

const query = (place: Partial<TableQuery>): TableQuery => ({
  page: 1,
  pageSize: 20,
  cursor: null,
  sort: null,
  filter: { operation: 'and', tokens: [] },
  ...place,
});
/** 100,000 rows, of which the server counts 10,000. */
const many: TablePage<number> = { items: [1], total: 10_000, more: true, next: 'next', previous: 'previous' };
const few: TablePage<number> = { items: [1], total: 90, more: false, next: null, previous: null };

describe('the pages of a table', () => {
  it('have numbers as far as rows are counted', () => {
    expect(numberedPages(query({}), many)).toBe(500);
    expect(numberedPages(query({}), few)).toBe(5);
    expect(numberedPages(query({}), { total: 0 })).toBe(1);
    expect(numberedPages(query({}), undefined)).toBe(1);
  });

  it.each<[string, number, Partial<TableQuery>, object | null]>([
    ['a numbered page', 500, { page: 2 }, { page: 500, cursor: null }],
    ['the first page that has no number', 501, { page: 500 }, { page: 501, cursor: 'next' }],
    ['the next one', 503, { page: 502, cursor: 'x' }, { page: 503, cursor: 'next' }],
    ['the one before', 501, { page: 502, cursor: 'x' }, { page: 501, cursor: 'previous' }],
    ['back among the numbers', 500, { page: 501, cursor: 'x' }, { page: 500, cursor: null }],
    ['the first page from far away', 1, { page: 700, cursor: 'x' }, { page: 1, cursor: null }],
    [
      'the first page from before it, as a changed address may say',
      0,
      { page: 1, cursor: 'x' },
      { page: 1, cursor: null },
    ],
    ['a page that nothing leads to', 600, { page: 502, cursor: 'x' }, null],
  ])('lead to %s', (_what, wanted, from, place) => {
    expect(placeOf(wanted, query(from), many)).toEqual(place);
  });

  it('end where the last one has no next', () => {
    expect(placeOf(502, query({ page: 501, cursor: 'x' }), { ...many, next: null })).toBeNull();
  });
});

describe('a page that is not there', () => {
  it('is none of those that are', () => {
    expect(correction(query({ page: 5 }), few)).toBeNull();
    expect(correction(query({ page: 500 }), many)).toBeNull();
    expect(correction(query({ page: 501, cursor: 'x' }), many)).toBeNull();
  });

  it.each<[string, Partial<TableQuery>, TablePage<number>, object]>([
    ['rows were removed while the last page was open', { page: 6 }, few, { page: 5, cursor: null }],
    ['every row was removed', { page: 6 }, { ...few, items: [], total: 0 }, { page: 1, cursor: null }],
    ['somebody typed a number that is too large', { page: 501 }, many, { page: 500, cursor: null }],
    ['the cursor does not fit', { page: 501, cursor: 'x' }, { ...many, previous: null }, { page: 1, cursor: null }],
    ['all rows are counted again', { page: 501, cursor: 'x' }, { ...many, more: false }, { page: 500, cursor: null }],
    ['all are counted, and few', { page: 2, cursor: 'x' }, { ...many, more: false }, { page: 2, cursor: null }],
    [
      'the last rows were removed',
      { page: 700, cursor: 'x' },
      { ...many, items: [], next: null },
      { page: 699, cursor: 'previous' },
    ],
    [
      'the last rows beyond the numbers were removed',
      { page: 501, cursor: 'x' },
      { ...many, items: [], next: null },
      { page: 500, cursor: null },
    ],
  ])('is left when %s', (_what, from, data, place) => {
    expect(correction(query(from), data)).toEqual(place);
  });
});

it('a count that ended early says so, to the eye and to the ear', () => {
  expect(countText(many)).toBe('10,000+');
  expect(countText(few)).toBe('90');
  expect(spokenCount(many)).toBe('more than 10,000');
  expect(spokenCount(few)).toBe('90');
});
