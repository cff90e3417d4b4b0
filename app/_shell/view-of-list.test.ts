import { expect, it } from 'vitest';
import { addressOf, isSameView, type ListView, viewOf } from './view-of-list.ts';

const view: ListView = {
  filter: { operation: 'and', tokens: [{ property: 'state', operator: '=', value: 'failed' }] },
  sort: { by: 'name', descending: true },
  pageSize: 50,
  columns: [{ id: 'name', visible: true }],
};
const query = { ...view, page: 7, cursor: 'x' };

it('is what is on the screen, whatever the page', () => {
  expect(viewOf(query, view.columns ?? undefined)).toEqual(view);
  expect(viewOf(query, undefined).columns).toBeNull();
  expect(addressOf(view)).toMatchObject({ q: view.filter.tokens, size: 50, page: null, after: null });
});

it('is the same in whatever order its parts were kept', () => {
  const kept = JSON.parse(
    '{"columns":[{"visible":true,"id":"name"}],"pageSize":50,"sort":{"descending":true,"by":"name"}}',
  );
  expect(isSameView(view, { ...kept, filter: view.filter })).toBe(true);
  // One condition is joined with none.
  expect(isSameView(view, { ...view, filter: { ...view.filter, operation: 'or' } })).toBe(true);
});

it.each<[string, Partial<ListView>]>([
  ['filter', { filter: { operation: 'and', tokens: [] } }],
  ['order', { sort: { by: 'name', descending: false } }],
  ['page size', { pageSize: 20 }],
  ['choice of columns', { columns: [{ id: 'name', visible: false }] }],
  ['return to the own columns', { columns: null }],
])('is another one after another %s', (_, other) => {
  expect(isSameView(view, { ...view, ...other })).toBe(false);
});

it('takes no page size that tables do not have', () => {
  expect(addressOf({ ...view, pageSize: 37 }).size).toBeNull();
});
