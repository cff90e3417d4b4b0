'use client';
// The access keys of all members, for administrators.
import type { inferRouterOutputs } from '@trpc/server';
import { ROLE_LABELS } from '../../../../server/access/permissions.ts';
import type { AppRouter } from '../../../../server/api/root.ts';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { useListTable } from '../../../_shell/use-list-table.ts';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { EmptyTeaching } from '../../../_ui/empty-teaching.tsx';
import { Page } from '../../../_ui/page.tsx';
import { orUnknown } from '../../../_ui/quantity.ts';
import { ResourceTable } from '../../../_ui/resource-table.tsx';
import type { ResourceColumn } from '../../../_ui/table-columns.ts';
import { Time } from '../../../_ui/time.tsx';
import { ROLE_CHOICES } from '../members/roles.ts';
import { KeyExpiry } from './key-expiry.tsx';
import { RevokeKey } from './revoke-key.tsx';

type Key = inferRouterOutputs<AppRouter>['accessKeys']['list']['items'][number];

const COLUMNS: ResourceColumn<Key>[] = [
  {
    id: 'name',
    header: 'Name',
    cell: ({ name }) => name,
    width: 200,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'member',
    header: 'Member',
    cell: ({ member }) => member,
    width: 160,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'role',
    header: 'Role at most',
    cell: ({ role }) => ROLE_LABELS[role],
    width: 150,
    sort: true,
    filter: { kind: 'choice', values: ROLE_CHOICES.map(({ value, label }) => ({ value, label })) },
  },
  {
    id: 'id',
    header: 'Access key ID',
    cell: ({ id }) => <CopyableId id={id} name="access key ID" />,
    width: 240,
    filter: { kind: 'text' },
  },
  {
    id: 'expiresAt',
    header: 'Expires',
    cell: (key) => <KeyExpiry accessKey={key} />,
    width: 140,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'lastUsedAt',
    header: 'Last used',
    cell: ({ lastUsedAt }) => (lastUsedAt ? <Time at={lastUsedAt} /> : 'Never'),
    width: 130,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'lastUsedAddress',
    header: 'Used from',
    cell: ({ lastUsedAddress }) => orUnknown(lastUsedAddress),
    width: 150,
    filter: { kind: 'text' },
    hidden: true,
  },
  {
    id: 'createdAt',
    header: 'Created',
    cell: ({ createdAt }) => <Time at={createdAt} />,
    width: 130,
    sort: true,
    filter: { kind: 'date' },
    hidden: true,
  },
];

export function AccessKeysScreen() {
  const keys = useListTable('accessKeys');
  usePageShell({
    breadcrumbs: [
      { text: 'Settings', href: '/settings' },
      { text: 'Access keys', href: '/settings/access-keys' },
    ],
  });
  const selected = keys.data?.items.find(({ id }) => id === keys.state.selectedIds[0]);
  return (
    <Page
      title="Access keys"
      description="With which the programs of members call the API. Each member makes own ones on the profile; administrators see and revoke all of them."
    >
      <ResourceTable
        noun={{ one: 'access key', many: 'access keys' }}
        title="Access keys"
        variant="container"
        columns={COLUMNS}
        {...keys}
        rowId={({ id }) => id}
        rowName={({ name }) => name}
        selection="single"
        actions={<RevokeKey accessKey={selected} />}
        empty={
          <EmptyTeaching title="No access keys">
            A member makes one on the profile, for a script or another program.
          </EmptyTeaching>
        }
      />
    </Page>
  );
}
