'use client';
// Everything that pages of the console may rely on, in one place.
import I18nProvider from '@cloudscape-design/components/i18n';
import messages from '@cloudscape-design/components/i18n/messages/all.en';
import { QueryClientProvider } from '@tanstack/react-query';
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { type ReactNode, useState } from 'react';
import superjson from 'superjson';
import type { AppRouter } from '../../server/api/root.ts';
import { TimeZoneProvider } from '../_ui/time.tsx';
import { inConsole } from '../sub-path.ts';
import { LiveProvider } from './live.tsx';
import { type Me, MemberProvider, useMember } from './member.tsx';
import { NotificationsProvider, useNotifications } from './notifications.tsx';
import { tellElsewhere } from './open-workspace.ts';
import { PageShellProvider } from './page-shell.tsx';
import { newQueryClient } from './query-client.ts';
import { goToSignIn } from './sign-out.ts';
import { TRPCProvider } from './trpc.ts';

export function ConsoleProviders({ me, children }: { me: Me; children: ReactNode }) {
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <NuqsAdapter>
        <NotificationsProvider>
          <Data workspaceId={me.workspace.id}>
            <MemberProvider me={me}>
              <LiveProvider>
                <OwnTimeZone>
                  <PageShellProvider>{children}</PageShellProvider>
                </OwnTimeZone>
              </LiveProvider>
            </MemberProvider>
          </Data>
        </NotificationsProvider>
      </NuqsAdapter>
    </I18nProvider>
  );
}

function OwnTimeZone({ children }: { children: ReactNode }) {
  const { preferences } = useMember();
  return <TimeZoneProvider zone={preferences.timeZone as string | undefined}>{children}</TimeZoneProvider>;
}

function Data({ workspaceId, children }: { workspaceId: string; children: ReactNode }) {
  const { notifyFault } = useNotifications();
  const [queryClient] = useState(() =>
    newQueryClient({ onMutationFault: notifyFault, onSignedOut: goToSignIn, onElsewhere: tellElsewhere }),
  );
  const [trpcClient] = useState(() =>
    createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: (operation) => operation.type === 'subscription',
          true: httpSubscriptionLink({ url: inConsole('/api/trpc'), transformer: superjson }),
          false: httpLink({
            url: inConsole('/api/trpc'),
            transformer: superjson,
            headers: { 'x-landfall-workspace': workspaceId },
          }),
        }),
      ],
    }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
