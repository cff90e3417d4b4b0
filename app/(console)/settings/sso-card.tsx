'use client';
// Single sign-on: which provider there is, and which role its groups have here. Administrators can turn the card into a form.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Skeleton from '@cloudscape-design/components/skeleton';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { ROLE_LABELS } from '../../../server/access/permissions.ts';
import { shownFault } from '../../_shell/faults.ts';
import { useMay } from '../../_shell/member.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { EditableCard } from '../../_ui/editable-card.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { GroupRolesForm } from './group-roles-form.tsx';
import type { WorkspaceSso } from './types.ts';

export function SsoCard() {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.sso.get.queryOptions());
  const mayEdit = useMay('member.manage');
  return (
    <EditableCard
      title="Single sign-on"
      description="People come in by your OpenID provider, and its groups decide their roles in this workspace."
      editLabel="Edit roles of groups"
      mayEdit={mayEdit && data?.provider != null}
    >
      {({ editing, done }) => (
        <>
          {error && !data && (
            <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />
          )}
          {!data && !error && <Skeleton height="92px" />}
          {data && editing && <GroupRolesForm groups={data.groups} onDone={done} />}
          {data && !editing && <Shown sso={data} />}
        </>
      )}
    </EditableCard>
  );
}

function Shown({ sso: { provider, redirectUri, groups } }: { sso: WorkspaceSso }) {
  if (!provider) {
    return (
      <SpaceBetween size="s">
        <Box color="text-body-secondary">
          No provider is set up: people sign in with a password. Whoever runs Landfall sets LANDFALL_OIDC_ISSUER,
          LANDFALL_OIDC_CLIENT_ID and LANDFALL_OIDC_CLIENT_SECRET in the environment of the web, and tells the provider
          this address to send people back to:
        </Box>
        <CopyableId id={redirectUri} name="redirect URI" />
      </SpaceBetween>
    );
  }
  const hours = `${Number(provider.sessionHours.toFixed(2))} ${provider.sessionHours === 1 ? 'hour' : 'hours'}`;
  return (
    <SpaceBetween size="l">
      <KeyValues
        items={[
          ['Provider', provider.issuer],
          ['Groups are read from the claim', provider.groupsClaim],
          ['Asked again after', hours],
          ['Passwords', provider.only ? 'The emergency account only' : 'Let in, too'],
        ]}
      />
      {groups.length > 0 ? (
        <KeyValues items={groups.map(({ group, role }) => [group, ROLE_LABELS[role]])} />
      ) : (
        <Box color="text-body-secondary">
          No group has a role here, so that nobody comes into this workspace by a group.
        </Box>
      )}
    </SpaceBetween>
  );
}
