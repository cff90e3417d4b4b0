import fc from 'fast-check';
import { createSerializer } from 'nuqs/server';
import { describe, expect, it } from 'vitest';
import {
  FILTER_OPERATORS,
  type FilterToken,
  filterTokenParser,
  tableParsers,
  tableQueryOf,
  tableUrlKeys,
} from './table-query.ts';

const defaults = { pageSize: 20, sort: { by: 'name', descending: false } };
const read = (query: Record<string, string | string[]>) => tableQueryOf(Promise.resolve(query), defaults);

describe('a table in the URL', () => {
  it('is the default where the URL says nothing', async () => {
    expect(await read({})).toEqual({
      page: 1,
      pageSize: 20,
      cursor: null,
      sort: { by: 'name', descending: false },
      filter: { operation: 'and', tokens: [] },
    });
  });

  it('says page, size, order and filter', async () => {
    expect(
      await read({
        page: '3',
        after: 'WyJ-_Il0',
        size: '50',
        sort: '-lastSeen',
        q: ['state=failed', ':web'],
        op: 'or',
      }),
    ).toEqual({
      page: 3,
      pageSize: 50,
      cursor: 'WyJ-_Il0',
      sort: { by: 'lastSeen', descending: true },
      filter: {
        operation: 'or',
        tokens: [
          { property: 'state', operator: '=', value: 'failed' },
          { operator: ':', value: 'web' },
        ],
      },
    });
  });

  it('carries a cursor as long as the longest that a list gives out', async () => {
    const after = Buffer.from(
      JSON.stringify(['after', 'path', true, '漢'.repeat(300), 'srv-0123456789abcdef']),
    ).toString('base64url');
    expect((await read({ page: '501', after })).cursor).toBe(after);
  });

  it('survives whatever somebody typed there', async () => {
    const query = await read({
      page: '-4',
      after: 'no cursor',
      size: '100000',
      sort: "name';--",
      q: ['nonsense'],
      op: 'xor',
    });
    expect(query).toEqual(await read({}));
  });

  it('asks for no page and no filter that the server would refuse', async () => {
    const query = await read({ page: '99999999999', q: Array.from({ length: 30 }, (_, at) => `:word${at}`) });
    expect(query.page).toBe(1_000_000);
    expect(query.filter.tokens).toHaveLength(20);
  });

  it('reads what it writes, also as the second table of a page', async () => {
    const write = createSerializer(tableParsers, { urlKeys: tableUrlKeys('runs-') });
    const written = write('?page=9&after=other&sort=name', {
      page: 501,
      after: 'a-_b',
      size: 50,
      sort: { by: 'startedAt', descending: true },
      q: [{ property: 'name', operator: ':', value: 'two\nlines' }],
      op: 'or',
    });
    const parameters = new URLSearchParams(written);
    const query = Object.fromEntries([...new Set(parameters.keys())].map((key) => [key, parameters.getAll(key)]));
    expect(await tableQueryOf(Promise.resolve(query), defaults, 'runs-')).toEqual({
      page: 501,
      cursor: 'a-_b',
      pageSize: 50,
      sort: { by: 'startedAt', descending: true },
      filter: { operation: 'or', tokens: [{ property: 'name', operator: ':', value: 'two\nlines' }] },
    });
    expect(await read(query)).toMatchObject({ page: 9, cursor: 'other', sort: { by: 'name', descending: false } });
  });

  it('keeps every filter that a person can make', () => {
    const token: fc.Arbitrary<FilterToken> = fc.record(
      {
        property: fc.stringMatching(/^[A-Za-z][\w.-]{0,20}$/),
        operator: fc.constantFrom(...FILTER_OPERATORS),
        value: fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => /^[^=:^<>!]/.test(text)),
      },
      { requiredKeys: ['operator', 'value'] },
    );
    fc.assert(
      fc.property(token, (given) => {
        expect(filterTokenParser.parse(filterTokenParser.serialize(given))).toEqual(given);
      }),
      { verbose: 1 },
    );
  });
});
