'use client';
import { ROLE_LABELS } from '../../../../server/access/permissions.ts';
// Who belongs to the workspace, and who is invited.
import { useMay } from '../../../_shell/member.tsx';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { useListTable } from '../../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../../_ui/empty-teaching.tsx';
import { Page } from '../../../_ui/page.tsx';
import { ResourceTable } from '../../../_ui/resource-table.tsx';
import type { ResourceColumn } from '../../../_ui/table-columns.ts';
import { Time } from '../../../_ui/time.tsx';
import { InvitationsTable } from './invitations-table.tsx';
import { InviteMember } from './invite-member.tsx';
import { ChangeRole, PasswordLink, RemoveMember, ResetSecondStep } from './member-actions.tsx';
import { ROLE_CHOICES } from './roles.ts';
import type { Member } from './types.ts';

const STEP_LABELS = { on: 'On', off: 'Off' };

const COLUMNS: ResourceColumn<Member>[] = [
  {
    id: 'name',
    header: 'Name',
    cell: (member) => (member.self ? `${member.name} (you)` : member.name),
    width: 210,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'email',
    header: 'E-mail',
    cell: (member) => member.email,
    width: 280,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'role',
    header: 'Role',
    cell: (member) => ROLE_LABELS[member.role],
    width: 160,
    sort: true,
    filter: { kind: 'choice', values: ROLE_CHOICES.map(({ value, label }) => ({ value, label })) },
  },
  {
    id: 'createdAt',
    header: 'Member since',
    cell: (member) => <Time at={member.createdAt} />,
    width: 170,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'lastSeenAt',
    header: 'Last seen',
    cell: (member) => <Time at={member.lastSeenAt} />,
    width: 130,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'secondStep',
    header: 'Second step',
    cell: (member) => STEP_LABELS[member.secondStep],
    width: 120,
    sort: true,
    filter: {
      kind: 'choice',
      values: [
        { value: 'on', label: 'On' },
        { value: 'off', label: 'Off' },
      ],
    },
  },
  {
    id: 'id',
    header: 'Member ID',
    cell: (member) => member.id,
    width: 230,
    filter: { kind: 'text' },
    hidden: true,
  },
];

export function MembersScreen() {
  const members = useListTable('members');
  const mayManage = useMay('member.manage');
  usePageShell({
    breadcrumbs: [
      { text: 'Settings', href: '/settings' },
      { text: 'Members', href: '/settings/members' },
    ],
  });
  const selected = members.data?.items.find(({ id }) => id === members.state.selectedIds[0]);
  return (
    <Page
      title="Members"
      description={
        mayManage
          ? 'Who may do what in this workspace. A changed role and a removal count within seconds, also in pages that are open.'
          : 'Who may do what in this workspace. Administrators invite members and change their roles.'
      }
    >
      <ResourceTable
        noun={{ one: 'member', many: 'members' }}
        title="Members"
        variant="container"
        columns={COLUMNS}
        {...members}
        rowId={({ id }) => id}
        rowName={({ name }) => name}
        selection="single"
        actions={
          <>
            <ChangeRole member={selected} />
            <PasswordLink member={selected} />
            <ResetSecondStep member={selected} />
            <RemoveMember member={selected} />
            <InviteMember />
          </>
        }
        empty={
          <EmptyTeaching title="No members">Everybody who may sign in to this workspace is listed here.</EmptyTeaching>
        }
      />
      <InvitationsTable />
    </Page>
  );
}
