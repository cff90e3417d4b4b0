'use client';
// Invitations that were neither accepted nor revoked.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Modal from '@cloudscape-design/components/modal';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ROLE_LABELS } from '../../../../server/access/permissions.ts';
import { shownFault } from '../../../_shell/faults.ts';
import { useMay } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { AdaptiveTable } from '../../../_ui/adaptive-table.tsx';
import { ConfirmDelete } from '../../../_ui/confirm-delete.tsx';
import { EmptyTeaching } from '../../../_ui/empty-teaching.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { orUnknown } from '../../../_ui/quantity.ts';
import { Time } from '../../../_ui/time.tsx';
import { LinkShown } from './link-shown.tsx';
import type { Invitation, MadeLink } from './types.ts';

export function InvitationsTable() {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.members.invitations.queryOptions());
  const [made, setMade] = useState<MadeLink | null>(null);
  if (error && !data) {
    return <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />;
  }
  return (
    <>
      <AdaptiveTable<Invitation>
        variant="container"
        ariaLabels={{ tableLabel: 'Pending invitations' }}
        trackBy="id"
        wrapLines
        loading={!data}
        loadingText="Loading invitations"
        items={data ?? []}
        header={
          <Header variant="h2" counter={data && data.length > 0 ? `(${data.length})` : ''}>
            Pending invitations
          </Header>
        }
        empty={
          <EmptyTeaching title="No pending invitations">
            An invitation is a link that you pass on. Whoever opens it joins this workspace with the role that you have
            chosen.
          </EmptyTeaching>
        }
        columnDefinitions={[
          { id: 'email', header: 'E-mail', cell: ({ email }) => email, isRowHeader: true, width: 260 },
          { id: 'role', header: 'Role', cell: ({ role }) => ROLE_LABELS[role], width: 150 },
          { id: 'invitedBy', header: 'Invited by', cell: ({ invitedBy }) => orUnknown(invitedBy), width: 160 },
          { id: 'createdAt', header: 'Invited', cell: ({ createdAt }) => <Time at={createdAt} />, width: 120 },
          {
            id: 'expiresAt',
            header: 'Link expires',
            cell: (invitation) => <Expiry invitation={invitation} />,
            width: 150,
          },
          {
            id: 'actions',
            header: 'Actions',
            cell: (invitation) => <Actions invitation={invitation} onMade={setMade} />,
            width: 220,
          },
        ]}
      />
      {made && (
        <Modal
          visible
          header={`New link for ${made.email}`}
          closeAriaLabel="Close"
          onDismiss={() => setMade(null)}
          footer={
            <Box float="right">
              <Button variant="primary" onClick={() => setMade(null)}>
                Done
              </Button>
            </Box>
          }
        >
          <LinkShown page="/invitation" label="Invitation link" {...made} />
        </Modal>
      )}
    </>
  );
}

function Expiry({ invitation }: { invitation: Invitation }) {
  if (invitation.expired) return <StatusIndicator type="warning">Expired</StatusIndicator>;
  return <Time at={invitation.expiresAt} />;
}

function Actions({ invitation, onMade }: { invitation: Invitation; onMade: (link: MadeLink) => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const mayManage = useMay('member.manage');
  const [asking, setAsking] = useState(false);
  const renew = useMutation(
    trpc.members.renewInvitation.mutationOptions({ meta: { repeatable: true }, onSuccess: onMade }),
  );
  const revoke = useMutation(
    trpc.members.revokeInvitation.mutationOptions({
      meta: { inline: true, repeatable: true },
      onSuccess: () => {
        setAsking(false);
        notify({ type: 'success', header: `The invitation of ${invitation.email} was revoked` });
      },
    }),
  );
  const invitationId = invitation.id;
  const reason = 'Only administrators manage invitations.';
  return (
    <div className="flex flex-wrap gap-2">
      <Button
        variant="inline-link"
        ariaLabel={`New link for ${invitation.email}`}
        disabled={!mayManage}
        disabledReason={reason}
        loading={renew.isPending}
        onClick={() => renew.mutate({ invitationId })}
      >
        New link
      </Button>
      <Button
        variant="inline-link"
        ariaLabel={`Revoke the invitation of ${invitation.email}`}
        disabled={!mayManage}
        disabledReason={reason}
        onClick={() => setAsking(true)}
      >
        Revoke
      </Button>
      {asking && (
        <ConfirmDelete
          title={`Revoke the invitation of ${invitation.email}?`}
          verb="Revoke"
          removed={['The link: whoever opens it is told that it was withdrawn']}
          kept={[]}
          busy={revoke.isPending}
          fault={revoke.error && shownFault(revoke.error)}
          onConfirm={() => revoke.mutate({ invitationId })}
          onCancel={() => setAsking(false)}
        />
      )}
    </div>
  );
}
