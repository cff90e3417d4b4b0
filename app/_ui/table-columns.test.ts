import { expect, it } from 'vitest';
import { columnDisplay, operatorsOf, sortKeyOf } from './table-columns.ts';

const columns = [{ id: 'name', isName: true }, { id: 'state' }, { id: 'id', hidden: true }];

it('shows what the page shows until the member chose', () => {
  expect(columnDisplay(columns, undefined)).toEqual([
    { id: 'name', visible: true },
    { id: 'state', visible: true },
    { id: 'id', visible: false },
  ]);
});

it('keeps the choice and order of the member over changes of the page', () => {
  const chosen = [
    { id: 'gone', visible: true },
    { id: 'state', visible: false },
    { id: 'name', visible: false },
  ];
  expect(columnDisplay(columns, chosen)).toEqual([
    { id: 'state', visible: false },
    // The name of a row cannot be hidden.
    { id: 'name', visible: true },
    { id: 'id', visible: false },
  ]);
});

it('sorts by the column or by what it names', () => {
  expect(sortKeyOf({ id: 'a', sort: true })).toBe('a');
  expect(sortKeyOf({ id: 'a', sort: 'b' })).toBe('b');
  expect(sortKeyOf({ id: 'a' })).toBeUndefined();
});

it('offers what a text contains first, and every comparison of a number', () => {
  expect(operatorsOf({ kind: 'text' })[0]).toBe(':');
  expect(new Set(operatorsOf({ kind: 'number' }))).toEqual(new Set(['=', '!=', '>', '>=', '<', '<=']));
});
