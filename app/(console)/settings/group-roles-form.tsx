'use client';
// Which role each of the provider's groups has here. Keeps the rows it was opened with until it is saved or cancelled.
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Role } from '../../../server/access/permissions.ts';
import { shownFault } from '../../_shell/faults.ts';
import { useMutation, useOneAtATime } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { UnsavedEditForm } from '../../_shell/unsaved-edit-form.tsx';
import { ChangedMeanwhile } from '../../_ui/editable-card.tsx';
import {
  type GroupDraft,
  groupDrafts,
  groupProblems,
  groupRolesOf,
  MOST_GROUPS,
  newGroup,
  sameGroups,
} from './group-roles.ts';
import { ROLE_CHOICES } from './members/roles.ts';
import type { GroupRole } from './types.ts';

export function GroupRolesForm({ groups, onDone }: { groups: readonly GroupRole[]; onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const [opened] = useState(groups);
  const [rows, setRows] = useState(() => groupDrafts(groups));
  const [tried, setTried] = useState(false);
  const save = useMutation(trpc.sso.setGroups.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const problems = groupProblems(rows);
  const change = (at: number, part: Partial<GroupDraft>) =>
    setRows(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));

  const [send] = useOneAtATime(async () => {
    setTried(true);
    if (problems.some(Boolean)) return;
    try {
      await save.mutateAsync({ groups: groupRolesOf(rows) });
    } catch {
      return; // The fault is shown above the buttons.
    }
    await queryClient.invalidateQueries({ queryKey: trpc.sso.get.queryKey() });
    notify({
      type: 'success',
      header: 'Roles of groups saved',
      content: 'They count from each person’s next sign-in on.',
    });
    onDone();
  });

  return (
    <UnsavedEditForm
      label="Roles of groups"
      changed={!sameGroups(groupRolesOf(rows), opened)}
      saving={save.isPending}
      fault={save.error && shownFault(save.error)}
      onSave={send}
      onCancel={onDone}
    >
      {!sameGroups(groups, opened) && <ChangedMeanwhile what="these groups" />}
      <AttributeEditor<GroupDraft>
        items={rows}
        addButtonText="Add group"
        removeButtonText="Remove"
        removeButtonAriaLabel={({ group }) => `Remove ${group || 'group'}`}
        disableAddButton={rows.length >= MOST_GROUPS}
        empty="No group has a role here."
        additionalInfo="Who is in several of them has the highest role. Whoever is in none any more is removed at the next sign-in; members who were invited stay as they are."
        i18nStrings={{ errorIconAriaLabel: 'Error', itemRemovedAriaLive: 'The group was removed.' }}
        onAddButtonClick={() => setRows([...rows, newGroup(rows)])}
        onRemoveButtonClick={({ detail }) => setRows(rows.filter((_, at) => at !== detail.itemIndex))}
        gridLayout={[
          { breakpoint: 'xxs', rows: [[3, 2]], removeButton: { width: 'auto' } },
          { rows: [[1], [1]], removeButton: { ownRow: true } },
        ]}
        definition={[
          {
            label: 'Group',
            errorText: (_, at) => (tried ? problems[at] : undefined),
            control: ({ group }, at) => (
              <Input
                ariaLabel={`Group, row ${at + 1}`}
                value={group}
                onChange={({ detail }) => change(at, { group: detail.value })}
              />
            ),
          },
          {
            label: 'Role',
            control: ({ role }, at) => (
              <Select
                ariaLabel={`Role, row ${at + 1}`}
                selectedOption={ROLE_CHOICES.find(({ value }) => value === role) ?? null}
                options={ROLE_CHOICES}
                onChange={({ detail }) => change(at, { role: detail.selectedOption.value as Role })}
              />
            ),
          },
        ]}
      />
    </UnsavedEditForm>
  );
}
