'use client';
// What the person is told by e-mail, in this workspace.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Skeleton from '@cloudscape-design/components/skeleton';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useState } from 'react';
import type { AppRouter } from '../../../server/api/root.ts';
import { KindsField } from '../../_forms/kinds-field.tsx';
import { QuietHoursFields } from '../../_forms/quiet-hours-fields.tsx';
import { fieldMessages, shownFault } from '../../_shell/faults.ts';
import { useMember } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { newRequestId } from '../../_shell/request-id.ts';
import { useTRPC } from '../../_shell/trpc.ts';
import { FaultCard } from '../../_ui/fault-card.tsx';

type Own = inferRouterOutputs<AppRouter>['notifications']['own'];

export function NotificationsCard() {
  const trpc = useTRPC();
  const { data, error } = useQuery({ ...trpc.notifications.own.queryOptions(), meta: { live: false } });
  return (
    <Container
      header={
        <Header variant="h2" description="By e-mail, to your address, from the workspace that is open now.">
          Notifications
        </Header>
      }
    >
      {error && !data && <FaultCard fault={shownFault(error)} />}
      {!data && !error && <Skeleton height="150px" />}
      {data && <OwnForm own={data} />}
    </Container>
  );
}

function OwnForm({ own }: { own: Own }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const zone = useMember().preferences.timeZone as string | undefined;
  const { enabled, kinds, quietHours } = own;
  const [draft, setDraft] = useState({ enabled, kinds, quietHours });
  const change = (more: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...more }));
  const save = useMutation(
    trpc.notifications.saveOwn.mutationOptions({
      meta: { inline: true, repeatable: true },
      onSuccess: () => notify({ id: 'own-notifications', type: 'success', header: 'Notifications saved' }),
    }),
  );
  const test = useMutation(
    trpc.notifications.testOwn.mutationOptions({
      onSuccess: ({ state, error }) =>
        notify(
          state === 'delivered'
            ? { type: 'success', header: `The mail server took a mail to ${own.email}` }
            : { type: 'error', header: 'The mail was not taken', content: error ?? '' },
        ),
    }),
  );
  const wrong = fieldMessages(save.error);
  const hours = wrong['quietHours.to'] ?? wrong['quietHours.from'];
  return (
    <SpaceBetween size="l">
      {!own.mailIsSet && (
        <Alert type="info" statusIconAriaLabel="Info">
          No mail goes out yet: whoever runs Landfall has set no mail server.
        </Alert>
      )}
      {save.error && !hours && <FaultCard fault={shownFault(save.error)} />}
      <Checkbox checked={draft.enabled} onChange={({ detail }) => change({ enabled: detail.checked })}>
        Tell me by mail to {own.email}
      </Checkbox>
      {draft.enabled && (
        <>
          <KindsField choices={own.choices} value={draft.kinds} onChange={(picked) => change({ kinds: picked })} />
          <QuietHoursFields
            value={draft.quietHours}
            zone={zone}
            problem={hours}
            onChange={(value) => change({ quietHours: value })}
          />
        </>
      )}
      <SpaceBetween direction="horizontal" size="xs">
        <Button loading={save.isPending} onClick={() => save.mutate(draft)}>
          Save notifications
        </Button>
        <Button
          disabled={!own.mailIsSet}
          disabledReason="No mail server is set."
          loading={test.isPending}
          onClick={() => test.mutate({ requestId: newRequestId() })}
        >
          Send test mail
        </Button>
      </SpaceBetween>
    </SpaceBetween>
  );
}
