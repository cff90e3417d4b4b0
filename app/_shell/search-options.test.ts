import { expect, it } from 'vitest';
import { searchOptions } from './search-options.ts';

const server = (at: number) => ({ kind: 'server' as const, id: `s-${at}`, name: `web ${at}`, detail: '192.0.2.1' });

it('groups what was found, each choice with the address of its page', () => {
  const found = [server(1), { kind: 'run' as const, id: 'sms-run-1', name: 'web 1', detail: 'completed' }];
  expect(searchOptions(found, 'web')).toEqual([
    {
      label: 'Servers',
      options: [{ value: '/servers/s-1', label: 'web 1', description: 's-1', labelTag: '192.0.2.1' }],
    },
    {
      label: 'Replication runs',
      options: [{ value: '/runs/sms-run-1', label: 'web 1', description: 'sms-run-1', labelTag: 'completed' }],
    },
  ]);
});

it('leads to all that match where there may be more than are shown', () => {
  const [servers] = searchOptions([1, 2, 3, 4, 5].map(server), 'a&b');
  expect(servers?.options.at(-1)).toEqual({ value: '/servers?q=%3Aa%26b', label: 'All that have “a&b”' });
  expect(searchOptions([1, 2].map(server), 'web')[0]?.options).toHaveLength(2);
});

it('escapes an id that is no path, and tells members apart', () => {
  const [group] = searchOptions([{ kind: 'server', id: '../x', name: 'x', detail: null }], 'x');
  expect(group?.options[0]?.value).toBe('/servers/..%2Fx');
  const members = ['m-1', 'm-2'].map((id) => ({ kind: 'member' as const, id, name: 'Ann', detail: null }));
  expect(new Set(searchOptions(members, 'ann')[0]?.options.map(({ value }) => value)).size).toBe(2);
});
