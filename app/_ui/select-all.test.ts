import { expect, it } from 'vitest';
import { selectAll } from './select-all.ts';

const rows = (...ids: string[]) => ids.map((id) => ({ id }));
const of = (items: string[], selected: string[], disabled: string[] = []) => {
  const { next, ...box } = selectAll({
    items: rows(...items),
    selected: rows(...selected),
    keyOf: ({ id }) => id,
    isDisabled: ({ id }) => disabled.includes(id),
  });
  return { ...box, next: next.map(({ id }) => id) };
};

it('selects what is shown and keeps what is selected on other pages', () => {
  expect(of(['c', 'd'], ['a', 'b'])).toEqual({ may: true, all: false, some: false, next: ['a', 'b', 'c', 'd'] });
  expect(of(['c', 'd'], ['a', 'c'])).toEqual({ may: true, all: false, some: true, next: ['a', 'c', 'd'] });
  expect(of(['c', 'd'], ['a', 'c', 'd'])).toEqual({ may: true, all: true, some: false, next: ['a'] });
});

it('leaves out what cannot be selected', () => {
  expect(of(['c', 'd'], ['c'], ['d'])).toEqual({ may: true, all: true, some: false, next: [] });
  expect(of(['d'], [], ['d'])).toEqual({ may: false, all: false, some: false, next: [] });
});
