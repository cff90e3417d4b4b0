import I18nProvider from '@cloudscape-design/components/i18n';
import messages from '@cloudscape-design/components/i18n/messages/all.en';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { ResourceTable } from './resource-table.tsx';
import type { ResourceColumn } from './table-columns.ts';
import type { TablePage } from './table-pages.ts';
import type { TableQuery } from './table-query.ts';
import type { TableState } from './table-state.ts';

const COLUMNS: ResourceColumn<string>[] = [
  { id: 'name', header: 'Name', cell: (name) => name, width: 100, filter: { kind: 'text' }, isName: true },
];
const FIRST: TableQuery = {
  page: 1,
  pageSize: 20,
  cursor: null,
  sort: null,
  filter: { operation: 'and', tokens: [{ operator: ':', value: 'web' }] },
};
const nothing = () => {};

function table(query: Partial<TableQuery>, data: Partial<TablePage<string>>, selectedIds: string[] = [], more = {}) {
  const state: TableState = {
    query: { ...FIRST, ...query },
    selectedIds,
    setPage: nothing,
    correctPage: nothing,
    setPageSize: nothing,
    setSort: nothing,
    setFilter: nothing,
    setSelected: nothing,
  };
  const names = Array.from({ length: 20 }, (_, at) => `web-${at}`);
  return renderToStaticMarkup(
    <I18nProvider locale="en" messages={[messages]}>
      <ResourceTable
        noun={{ one: 'server', many: 'servers' }}
        title="Servers"
        columns={COLUMNS}
        state={state}
        data={{ items: names, total: 10_000, more: true, next: 'n', previous: 'p', ...data }}
        rowId={(name) => name}
        rowName={(name) => name}
        selection="multi"
        empty={null}
        {...more}
      />
    </I18nProvider>,
  );
}
const nextButton = (html: string) => html.match(/<button[^>]*aria-label="Next page"[^>]*>/)?.[0];
const disabled = (button: string | undefined) => button?.includes('aria-disabled="true"');

it('says that it counted to ten thousand and no further', () => {
  const html = table({}, {}, ['web-1', 'web-2', 'elsewhere']);
  expect(html).toContain('(3/10,000+)');
  expect(html).toContain('10,000+ matches');
  expect(html).toContain('servers 1 to 20 of more than 10,000');
  expect(html).not.toContain('aria-rowcount="10001"');
  expect(table({}, { total: 90, more: false, next: null })).toContain('servers 1 to 20 of 90');
});

it('has numbered pages with an open end, and goes on from the last of them', () => {
  const html = table({ page: 500 }, {});
  expect(html).toMatch(/aria-current="true"[^>]*>500</);
  expect(disabled(nextButton(html))).toBe(false);
  expect(html).not.toContain('First page');
});

it('beyond them has next, previous and the first one', () => {
  const html = table({ page: 1503, cursor: 'x' }, {});
  expect(html).toContain('servers 30,041 to 30,060 of more than 10,000');
  expect(html).toContain('Page 1,503');
  expect(html).toContain('First page');
  expect(html).not.toMatch(/>1502</);
  expect(disabled(nextButton(html))).toBe(false);
  expect(disabled(nextButton(table({ page: 1503, cursor: 'x' }, { next: null })))).toBe(true);
});

it('takes no step by a cursor of another page', () => {
  expect(disabled(nextButton(table({ page: 502, cursor: 'x' }, {}, [], { outdated: true })))).toBe(true);
});

it('says how short texts are looked for, when one is', () => {
  const searching = (value: string) =>
    table({ filter: { operation: 'and', tokens: [{ property: 'name', operator: ':', value }] } }, {});
  expect(searching('db')).toContain('at the start of words only');
  expect(searching('web')).not.toContain('at the start of words only');
});
