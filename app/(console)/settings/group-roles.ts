// Roles of the provider's groups, as rows of a form. Pure.
import type { Role } from '../../../server/access/permissions.ts';
import type { GroupRole } from './types.ts';

export interface GroupDraft {
  /** Of the row, while the form is open. */
  key: number;
  group: string;
  role: Role;
}

/** As the API takes them. */
export const MOST_GROUPS = 200;

export const groupDrafts = (groups: readonly GroupRole[]): GroupDraft[] =>
  groups.map(({ group, role }, key) => ({ key, group, role }));

export const newGroup = (rows: readonly GroupDraft[]): GroupDraft => ({
  key: 1 + Math.max(-1, ...rows.map(({ key }) => key)),
  group: '',
  role: 'viewer',
});

/** What is wrong with each row's group, by place. */
export function groupProblems(rows: readonly GroupDraft[]): (string | undefined)[] {
  const names = rows.map(({ group }) => group.trim());
  return names.map((name, at) => {
    if (name === '') return 'Enter a group as the provider sends it.';
    if (name.length > 256) return 'At most 256 characters.';
    return names.indexOf(name) < at ? 'This group stands here already.' : undefined;
  });
}

export const groupRolesOf = (rows: readonly GroupDraft[]): GroupRole[] =>
  rows.map(({ group, role }) => ({ group: group.trim(), role }));

export const sameGroups = (one: readonly GroupRole[], other: readonly GroupRole[]): boolean => {
  const sorted = (groups: readonly GroupRole[]) =>
    groups.map(({ group, role }) => JSON.stringify([group, role])).sort();
  return sorted(one).join() === sorted(other).join();
};
