'use client';
// Whether a code is asked for at sign-in, beside the password.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Skeleton from '@cloudscape-design/components/skeleton';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDialog } from '../../_ui/confirm-dialog.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { formatNumberOf } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';

export function SecondStepCard() {
  const { data, error, refetch } = useQuery(useTRPC().totp.status.queryOptions());
  const [asking, setAsking] = useState(false);
  const on = data?.since ?? null;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="A code from an authenticator app, asked for at sign-in beside the password."
          actions={
            data &&
            (on ? (
              <Button onClick={() => setAsking(true)}>Turn off</Button>
            ) : (
              <Button href="/second-step">Turn on</Button>
            ))
          }
        >
          Second step
        </Header>
      }
    >
      {error && !data && (
        <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />
      )}
      {!data && !error && <Skeleton height="46px" />}
      {data && !on && <StatusIndicator type="stopped">Off</StatusIndicator>}
      {data && on && (
        <KeyValues
          items={[
            [
              'State',
              <StatusIndicator key="on" type="success">
                On
              </StatusIndicator>,
            ],
            ['Since', <Time key="since" at={on} />],
            ['Recovery codes', `${formatNumberOf(data.recoveryCodesLeft, 'code')} left`],
          ]}
        />
      )}
      {asking && data && (
        <TurnOffDialog required={data.required} hasPassword={data.hasPassword} onClose={() => setAsking(false)} />
      )}
    </Container>
  );
}

function TurnOffDialog({
  required,
  hasPassword,
  onClose,
}: {
  required: boolean;
  hasPassword: boolean;
  onClose: () => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const [present, setPresent] = useState('');
  const [code, setCode] = useState('');
  const turnOff = useMutation(
    trpc.totp.turnOff.mutationOptions({
      meta: { inline: true },
      onSuccess: async () => {
        onClose();
        notify({ type: 'success', header: 'The second step is off' });
        await queryClient.invalidateQueries({ queryKey: trpc.totp.status.queryKey() });
      },
    }),
  );
  const fault = turnOff.error && shownFault(turnOff.error);
  const ofPresent = fault?.code === 'password-wrong' ? fault.message : undefined;
  const ofCode = fault?.code === 'code-wrong' ? fault.message : undefined;
  return (
    <ConfirmDialog
      title="Turn off the second step?"
      verb="Turn off"
      back="Cancel"
      busy={turnOff.isPending}
      fault={!ofPresent && !ofCode ? fault : null}
      onConfirm={() => turnOff.mutate(hasPassword ? { present, code } : { code })}
      onCancel={onClose}
    >
      {required
        ? 'This workspace asks for one: you will be led to set it up anew, with another phone say.'
        : hasPassword
          ? 'Signing in asks for your password alone from then on, and your recovery codes are worth nothing.'
          : 'Your recovery codes are worth nothing from then on.'}
      {hasPassword && (
        <FormField label="Present password" errorText={ofPresent}>
          <Input
            type="password"
            autoComplete="current-password"
            value={present}
            onChange={({ detail }) => setPresent(detail.value)}
          />
        </FormField>
      )}
      <FormField label="Code" constraintText="Of the app, or a recovery code." errorText={ofCode}>
        <Input autoComplete="one-time-code" value={code} onChange={({ detail }) => setCode(detail.value)} />
      </FormField>
    </ConfirmDialog>
  );
}
