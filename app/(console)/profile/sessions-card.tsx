'use client';
// Where the person is signed in, and the end of it.
import Badge from '@cloudscape-design/components/badge';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';
import { shownFault } from '../../_shell/faults.ts';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { formatNumberOf, orUnknown, UNKNOWN } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';
import { browserOf } from './browser-of.ts';

type Session = inferRouterOutputs<AppRouter>['session']['list'][number];

export function SessionsCard() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const { data, error, refetch } = useQuery(trpc.session.list.queryOptions());
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.session.list.queryKey() });
  const endOthers = useMutation(
    trpc.session.endOthers.mutationOptions({
      meta: { repeatable: true },
      onSuccess: async ({ ended }) => {
        await refresh();
        notify({ type: 'success', header: `${formatNumberOf(ended, 'other session')} ended` });
      },
    }),
  );
  if (error && !data) {
    return <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />;
  }
  const others = data?.filter(({ current }) => !current).length ?? 0;
  return (
    <AdaptiveTable<Session>
      variant="container"
      ariaLabels={{ tableLabel: 'Sessions' }}
      trackBy="id"
      wrapLines
      loading={!data}
      loadingText="Loading sessions"
      items={data ?? []}
      header={
        <Header
          variant="h2"
          description="A session ends after seven days at the latest. A browser that you do not know is a reason to end it and to change the password."
          actions={
            <Button
              disabled={others === 0}
              disabledReason="This is your only session."
              loading={endOthers.isPending}
              onClick={() => endOthers.mutate()}
            >
              End all others
            </Button>
          }
        >
          Sessions
        </Header>
      }
      columnDefinitions={[
        {
          id: 'browser',
          header: 'Browser',
          cell: (session) => (
            <>
              {browserOf(session.userAgent)} {session.current && <Badge color="green">This one</Badge>}
            </>
          ),
          isRowHeader: true,
          width: 260,
        },
        { id: 'address', header: 'From', cell: ({ address }) => orUnknown(address), width: 180 },
        { id: 'createdAt', header: 'Signed in', cell: ({ createdAt }) => <Time at={createdAt} />, width: 140 },
        { id: 'lastSeenAt', header: 'Last seen', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} />, width: 140 },
        {
          id: 'actions',
          header: 'Actions',
          cell: (session) => (session.current ? UNKNOWN : <End session={session} onEnded={refresh} />),
          width: 120,
        },
      ]}
    />
  );
}

function End({ session, onEnded }: { session: Session; onEnded: () => Promise<void> }) {
  const trpc = useTRPC();
  const end = useMutation(trpc.session.end.mutationOptions({ meta: { repeatable: true }, onSuccess: onEnded }));
  return (
    <Button
      variant="inline-link"
      ariaLabel={`End the session of ${browserOf(session.userAgent)} from ${session.address ?? 'an unknown address'}`}
      loading={end.isPending}
      onClick={() => end.mutate({ sessionId: session.id })}
    >
      End
    </Button>
  );
}
