import { expect, it } from 'vitest';
import { groupDrafts, groupProblems, groupRolesOf, newGroup, sameGroups } from './group-roles.ts';

it('names what is wrong with each row', () => {
  const rows = groupDrafts([
    { group: ' Engineers ', role: 'operator' },
    { group: ' ', role: 'viewer' },
    { group: 'Engineers', role: 'viewer' },
    { group: 'x'.repeat(257), role: 'viewer' },
  ]);
  expect(groupProblems(rows)).toEqual([
    undefined,
    'Enter a group as the provider sends it.',
    'This group stands here already.',
    'At most 256 characters.',
  ]);
});

it('gives a new row a key of its own, and takes the spaces away around groups', () => {
  const rows = groupDrafts([{ group: ' A ', role: 'viewer' }]);
  expect(newGroup(rows).key).toBe(1);
  expect(newGroup([]).key).toBe(0);
  expect(groupRolesOf(rows)).toEqual([{ group: 'A', role: 'viewer' }]);
});

it('calls the same groups in another order the same', () => {
  const [a, b] = [
    { group: 'A', role: 'viewer' },
    { group: 'B', role: 'operator' },
  ] as const;
  expect(sameGroups([a, b], [b, a])).toBe(true);
  expect(sameGroups([a], [{ ...a, role: 'operator' }])).toBe(false);
});
