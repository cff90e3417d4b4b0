'use client';
// The workspaces that the person belongs to, and the way out of the open one.
import Badge from '@cloudscape-design/components/badge';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import { ROLE_LABELS } from '../../../server/access/permissions.ts';
import { shownFault } from '../../_shell/faults.ts';
import { useMember } from '../../_shell/member.tsx';
import { useMutation, useOneAtATime } from '../../_shell/mutation.ts';
import { openWorkspace } from '../../_shell/open-workspace.ts';
import { useTRPC } from '../../_shell/trpc.ts';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { ConfirmDelete } from '../../_ui/confirm-delete.tsx';
import { inConsole } from '../../sub-path.ts';

export function WorkspacesCard() {
  const trpc = useTRPC();
  const me = useMember();
  const [asking, setAsking] = useState(false);
  const [open] = useOneAtATime(openWorkspace);
  const leave = useMutation(
    trpc.members.leave.mutationOptions({
      meta: { inline: true, once: true },
      // A whole page load: to another workspace, or to the sign-in page.
      onSuccess: () => window.location.assign(inConsole('/overview')),
    }),
  );
  return (
    <>
      <AdaptiveTable
        variant="container"
        ariaLabels={{ tableLabel: 'Workspaces' }}
        trackBy="id"
        wrapLines
        items={me.workspaces}
        header={<Header variant="h2">Workspaces</Header>}
        columnDefinitions={[
          {
            id: 'name',
            header: 'Name',
            cell: ({ id, name }) => (
              <>
                {name} {id === me.workspace.id && <Badge color="green">Open</Badge>}
              </>
            ),
            isRowHeader: true,
            width: 300,
          },
          { id: 'role', header: 'Your role', cell: ({ role }) => ROLE_LABELS[role], width: 200 },
          {
            id: 'actions',
            header: 'Actions',
            cell: ({ id, name }) =>
              id === me.workspace.id ? (
                <Button variant="inline-link" ariaLabel={`Leave ${name}`} onClick={() => setAsking(true)}>
                  Leave
                </Button>
              ) : (
                <Button variant="inline-link" ariaLabel={`Open ${name}`} onClick={() => void open(id)}>
                  Open
                </Button>
              ),
            width: 120,
          },
        ]}
      />
      {asking && (
        <ConfirmDelete
          title={`Leave the workspace ${me.workspace.name}?`}
          verb="Leave"
          removed={['Your access to this workspace; to come back you need an invitation']}
          kept={['What you did here, in the activity', 'Everything that belongs to the workspace']}
          busy={leave.isPending}
          fault={leave.error && shownFault(leave.error)}
          onConfirm={() => leave.mutate()}
          onCancel={() => setAsking(false)}
        />
      )}
    </>
  );
}
