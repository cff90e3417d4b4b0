'use client';
// The channels by which the workspace is told, with a test of each.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../../_shell/faults.ts';
import { useMay } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { newRequestId } from '../../../_shell/request-id.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { AdaptiveTable } from '../../../_ui/adaptive-table.tsx';
import { ConfirmDelete } from '../../../_ui/confirm-delete.tsx';
import { EmptyTeaching } from '../../../_ui/empty-teaching.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { ChannelDialog } from './channel-dialog.tsx';
import { answerText, labelOfKind } from './channel-words.ts';
import type { Channel, Channels, Delivery } from './types.ts';

const REASON = 'Only administrators manage notification channels.';

export function ChannelsTable() {
  const trpc = useTRPC();
  const mayManage = useMay('notification.manage');
  const { data, error, refetch } = useQuery(trpc.notifications.channels.queryOptions());
  const [open, setOpen] = useState<Channel | 'new' | null>(null);
  const [tested, setTested] = useState<Delivery | null>(null);
  if (error && !data) {
    return <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />;
  }
  const labels = new Map(data?.kinds.map(({ id, label }) => [id as string, label]));
  return (
    <SpaceBetween size="m">
      {tested && <Tested delivery={tested} onDismiss={() => setTested(null)} />}
      <AdaptiveTable<Channel>
        variant="container"
        ariaLabels={{ tableLabel: 'Channels' }}
        trackBy="id"
        wrapLines
        loading={!data}
        loadingText="Loading channels"
        items={data?.channels ?? []}
        header={
          <Header
            variant="h2"
            counter={data ? `(${data.channels.length})` : ''}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                {data && <TestMail channels={data} />}
                <Button
                  variant="primary"
                  disabled={!mayManage || !data}
                  disabledReason={mayManage ? 'Loading' : REASON}
                  onClick={() => setOpen('new')}
                >
                  Create channel
                </Button>
              </SpaceBetween>
            }
          >
            Channels
          </Header>
        }
        empty={
          <EmptyTeaching title="No channels">
            A channel tells somebody what needs a hand: by e-mail, in Slack or Teams, or a program by a signed webhook,
            SNS or EventBridge. Nobody is told of anything until there is one.
          </EmptyTeaching>
        }
        columnDefinitions={[
          { id: 'name', header: 'Name', cell: ({ name }) => name, isRowHeader: true, width: 180 },
          { id: 'kind', header: 'Way', cell: ({ kind }) => labelOfKind(kind), width: 130 },
          {
            id: 'destination',
            header: 'Where to',
            cell: ({ destination }) => <span className="wrap-anywhere">{destination}</span>,
            width: 250,
          },
          {
            id: 'kinds',
            header: 'What is told',
            cell: ({ kinds }) => kinds.map((id) => labels.get(id) ?? id).join(', '),
            width: 280,
          },
          {
            id: 'state',
            header: 'State',
            cell: ({ enabled, quietHours }) => (
              <StatusIndicator type={enabled ? 'success' : 'stopped'}>
                {enabled ? 'On' : 'Off'}
                {quietHours ? `, quiet ${quietHours.from}–${quietHours.to}` : ''}
              </StatusIndicator>
            ),
            width: 130,
          },
          {
            id: 'actions',
            header: 'Actions',
            cell: (channel) => <Actions channel={channel} onEdit={() => setOpen(channel)} onTested={setTested} />,
            width: 180,
          },
        ]}
      />
      {open && data && (
        <ChannelDialog
          channel={open === 'new' ? null : open}
          kinds={data.kinds}
          mailIsSet={data.mailIsSet}
          onClose={() => setOpen(null)}
        />
      )}
    </SpaceBetween>
  );
}

function Tested({ delivery, onDismiss }: { delivery: Delivery; onDismiss: () => void }) {
  const good = delivery.state === 'delivered';
  return (
    <Alert
      type={good ? 'success' : 'error'}
      statusIconAriaLabel={good ? 'Success' : 'Error'}
      dismissible
      dismissAriaLabel="Dismiss"
      onDismiss={onDismiss}
      header={
        good ? `The test arrived at ${delivery.channelName}` : `The test did not arrive at ${delivery.channelName}`
      }
    >
      <span className="wrap-anywhere">{answerText(delivery)}</span>
    </Alert>
  );
}

/** A mail to whoever asks. */
function TestMail({ channels }: { channels: Channels }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const mayManage = useMay('notification.manage');
  const send = useMutation(
    trpc.notifications.testMail.mutationOptions({
      onSuccess: ({ to, answer }) =>
        notify({ type: 'success', header: `The mail server took a mail to ${to}`, content: answer }),
    }),
  );
  return (
    <Button
      disabled={!mayManage || !channels.mailIsSet}
      disabledReason={mayManage ? 'LANDFALL_SMTP_URL and LANDFALL_MAIL_FROM are not set.' : REASON}
      loading={send.isPending}
      onClick={() => send.mutate()}
    >
      Send test mail to me
    </Button>
  );
}

function Actions(props: { channel: Channel; onEdit: () => void; onTested: (delivery: Delivery) => void }) {
  const { channel, onEdit, onTested } = props;
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const mayManage = useMay('notification.manage');
  const [asking, setAsking] = useState(false);
  const test = useMutation(trpc.notifications.test.mutationOptions({ onSuccess: onTested }));
  const remove = useMutation(
    trpc.notifications.delete.mutationOptions({
      meta: { inline: true },
      onSuccess: () => {
        setAsking(false);
        notify({ type: 'success', header: `${channel.name} was deleted` });
      },
    }),
  );
  const channelId = channel.id;
  const shared = { variant: 'inline-link', disabled: !mayManage, disabledReason: REASON } as const;
  return (
    <div className="flex flex-wrap gap-2">
      <Button
        {...shared}
        ariaLabel={`Test ${channel.name}`}
        loading={test.isPending}
        onClick={() => test.mutate({ channelId, requestId: newRequestId() })}
      >
        Test
      </Button>
      <Button {...shared} ariaLabel={`Edit ${channel.name}`} onClick={onEdit}>
        Edit
      </Button>
      <Button {...shared} ariaLabel={`Delete ${channel.name}`} onClick={() => setAsking(true)}>
        Delete
      </Button>
      {asking && (
        <ConfirmDelete
          title={`Delete channel ${channel.name}?`}
          verb="Delete"
          removed={['The channel and its secret', 'What waits to be sent by it']}
          kept={['The log of what was sent']}
          busy={remove.isPending}
          fault={remove.error && shownFault(remove.error)}
          onConfirm={() => remove.mutate({ channelId })}
          onCancel={() => setAsking(false)}
        />
      )}
    </div>
  );
}
