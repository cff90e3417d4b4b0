'use client';
// Who is told of what, and what was sent.
import Button from '@cloudscape-design/components/button';
import { useMay } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { newRequestId } from '../../../_shell/request-id.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { useListTable } from '../../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../../_ui/empty-teaching.tsx';
import { Page } from '../../../_ui/page.tsx';
import { orUnknown } from '../../../_ui/quantity.ts';
import { ResourceTable } from '../../../_ui/resource-table.tsx';
import { Status } from '../../../_ui/status.tsx';
import { statesOf } from '../../../_ui/status-kinds.ts';
import type { ResourceColumn } from '../../../_ui/table-columns.ts';
import { Time } from '../../../_ui/time.tsx';
import { answerText } from './channel-words.ts';
import { ChannelsTable } from './channels-table.tsx';
import type { Delivery } from './types.ts';

const COLUMNS: ResourceColumn<Delivery>[] = [
  {
    id: 'title',
    header: 'Notification',
    cell: ({ title }) => title,
    width: 340,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'channel',
    header: 'Channel',
    cell: ({ channelName }) => channelName,
    width: 150,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'state',
    header: 'State',
    cell: ({ state }) => <Status of="delivery" state={state} />,
    width: 130,
    sort: true,
    filter: { kind: 'choice', values: statesOf('delivery') },
  },
  { id: 'answer', header: 'Answer', cell: (delivery) => orUnknown(answerText(delivery) || null), width: 260 },
  { id: 'attempts', header: 'Attempts', cell: ({ attempts }) => attempts, width: 100 },
  {
    id: 'createdAt',
    header: 'Made',
    cell: ({ createdAt }) => <Time at={createdAt} />,
    width: 130,
    sort: true,
    filter: { kind: 'date' },
  },
  { id: 'dueAt', header: 'Next attempt', cell: ({ dueAt }) => <Time at={dueAt} />, width: 140, hidden: true },
  {
    id: 'kind',
    header: 'Kind',
    cell: ({ kind }) => kind,
    width: 160,
    sort: true,
    filter: { kind: 'text' },
    hidden: true,
  },
  { id: 'messageId', header: 'Message ID', cell: ({ messageId }) => messageId, width: 220, hidden: true },
];

export function NotificationsScreen() {
  const deliveries = useListTable('deliveries');
  usePageShell({
    breadcrumbs: [
      { text: 'Settings', href: '/settings' },
      { text: 'Notifications', href: '/settings/notifications' },
    ],
  });
  const selected = deliveries.data?.items.find(({ id }) => id === deliveries.state.selectedIds[0]);
  return (
    <Page
      title="Notifications"
      description="Who is told of what in this workspace. Your own, by e-mail, are on your profile."
    >
      <ChannelsTable />
      <ResourceTable
        noun={{ one: 'delivery', many: 'deliveries' }}
        title="Delivery log"
        variant="container"
        columns={COLUMNS}
        {...deliveries}
        rowId={({ id }) => id}
        rowName={({ title }) => title}
        selection="single"
        actions={<Replay delivery={selected} />}
        empty={
          <EmptyTeaching title="No deliveries">
            What is sent by the channels is listed here for thirty days, with what was answered.
          </EmptyTeaching>
        }
      />
    </Page>
  );
}

function Replay({ delivery }: { delivery: Delivery | undefined }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const mayManage = useMay('notification.manage');
  const replay = useMutation(
    trpc.deliveries.replay.mutationOptions({
      onSuccess: () => notify({ type: 'success', header: 'It is sent once more' }),
    }),
  );
  const underWay = delivery?.state === 'waiting' || delivery?.state === 'sending';
  const reason = !mayManage
    ? 'Only administrators replay notifications.'
    : !delivery
      ? 'Choose a delivery first.'
      : 'This delivery is still under way.';
  return (
    <Button
      disabled={!mayManage || !delivery || underWay}
      disabledReason={reason}
      loading={replay.isPending}
      onClick={() => delivery && replay.mutate({ deliveryId: delivery.id, requestId: newRequestId() })}
    >
      Replay
    </Button>
  );
}
