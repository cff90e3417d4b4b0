'use client';
import Button from '@cloudscape-design/components/button';
// The member's own access keys in the open workspace.
import Header from '@cloudscape-design/components/header';
import { useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useState } from 'react';
import { ROLE_LABELS } from '../../../server/access/permissions.ts';
import type { AppRouter } from '../../../server/api/root.ts';
import { shownFault } from '../../_shell/faults.ts';
import { useMember } from '../../_shell/member.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { Time } from '../../_ui/time.tsx';
import { KeyExpiry } from '../settings/access-keys/key-expiry.tsx';
import { RevokeKey } from '../settings/access-keys/revoke-key.tsx';
import { CreateKeyDialog } from './create-key.tsx';

type Key = inferRouterOutputs<AppRouter>['accessKeys']['own'][number];

export function AccessKeysCard() {
  const { workspace } = useMember();
  const [creating, setCreating] = useState(false);
  const { data, error, refetch } = useQuery(useTRPC().accessKeys.own.queryOptions());
  if (error && !data) {
    return <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />;
  }
  return (
    <>
      <AdaptiveTable<Key>
        variant="container"
        ariaLabels={{ tableLabel: 'Access keys' }}
        trackBy="id"
        wrapLines
        loading={!data}
        loadingText="Loading access keys"
        items={data ?? []}
        header={
          <Header
            variant="h2"
            description={`With which your programs call the API, in the workspace ${workspace.name}.`}
            actions={<Button onClick={() => setCreating(true)}>Create access key</Button>}
          >
            Access keys
          </Header>
        }
        empty={
          <EmptyTeaching title="No access keys">
            A script signs its requests with one, as it would for AWS. It may do what the role of the key allows, and
            never more than you.
          </EmptyTeaching>
        }
        columnDefinitions={[
          { id: 'name', header: 'Name', cell: ({ name }) => name, isRowHeader: true, width: 200 },
          {
            id: 'id',
            header: 'Access key ID',
            cell: ({ id }) => <CopyableId id={id} name="access key ID" />,
            width: 230,
          },
          { id: 'role', header: 'Role at most', cell: ({ role }) => ROLE_LABELS[role], width: 140 },
          { id: 'expiresAt', header: 'Expires', cell: (key) => <KeyExpiry accessKey={key} />, width: 130 },
          { id: 'lastUsedAt', header: 'Last used', cell: (key) => <LastUse {...key} />, width: 170 },
          { id: 'actions', header: 'Actions', cell: (key) => <RevokeKey accessKey={key} inRow />, width: 100 },
        ]}
      />
      {creating && <CreateKeyDialog onClose={() => setCreating(false)} />}
    </>
  );
}

function LastUse({ lastUsedAt, lastUsedAddress }: Pick<Key, 'lastUsedAt' | 'lastUsedAddress'>) {
  if (!lastUsedAt) return 'Never';
  return (
    <>
      <Time at={lastUsedAt} />
      {lastUsedAddress && ` from ${lastUsedAddress}`}
    </>
  );
}
