'use client';
// Making an access key: its name, what it may, for how long; then the key, once.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQueryClient } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { type FormEvent, useState } from 'react';
import { lowerRole, type Role } from '../../../server/access/permissions.ts';
import type { AppRouter } from '../../../server/api/root.ts';
import { ChoiceField } from '../../_forms/choice-field.tsx';
import { fieldMessages, shownFault } from '../../_shell/faults.ts';
import { useMember } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { newRequestId } from '../../_shell/request-id.ts';
import { useTRPC } from '../../_shell/trpc.ts';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { Time } from '../../_ui/time.tsx';
import { ROLE_CHOICES } from '../settings/members/roles.ts';

const DAYS = [7, 30, 90, 180, 365].map((days) => ({ value: String(days), label: `${days} days` }));

/** Rendered only while it is open, and outside of the table: that is built anew when the window becomes narrow. */
export function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const me = useMember();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState('90');
  const [requestId] = useState(newRequestId);
  const create = useMutation(
    trpc.accessKeys.create.mutationOptions({
      meta: { inline: true, repeatable: true },
      onSuccess: () => queryClient.invalidateQueries({ queryKey: trpc.accessKeys.own.queryKey() }),
    }),
  );
  const wrong = fieldMessages(create.error).name;
  const made = create.data;
  const choices = ROLE_CHOICES.filter(({ value }) => lowerRole(value, me.role) === value);

  function send(event?: FormEvent) {
    event?.preventDefault();
    create.mutate({ requestId, name, role, days: Number(days) });
  }

  return (
    <Modal
      visible
      header={made ? `Access key ${made.name}` : 'Create access key'}
      closeAriaLabel="Close"
      onDismiss={() => !create.isPending && onClose()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {made ? (
              <Button variant="primary" onClick={onClose}>
                Done
              </Button>
            ) : (
              <>
                <Button variant="link" disabled={create.isPending} onClick={onClose}>
                  Cancel
                </Button>
                <Button variant="primary" loading={create.isPending} onClick={() => send()}>
                  Create access key
                </Button>
              </>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      {made ? (
        <KeyShown made={made} />
      ) : (
        <form aria-label="Create access key" noValidate onSubmit={send}>
          <SpaceBetween size="l">
            {create.error && !wrong && <FaultCard fault={shownFault(create.error)} />}
            <FormField label="Name" description="What will use it." errorText={wrong}>
              <Input
                value={name}
                placeholder="Nightly report"
                autoComplete={false}
                onChange={({ detail }) => setName(detail.value)}
              />
            </FormField>
            <ChoiceField
              label="Role at most"
              constraint="Should your own role ever be less, that is what the key may."
              choices={choices}
              value={role}
              onChange={setRole}
            />
            <FormField label="Expires in" constraintText="It cannot be put off: another key takes its place.">
              <Select
                selectedOption={DAYS.find(({ value }) => value === days) ?? null}
                options={DAYS}
                onChange={({ detail }) => setDays(detail.selectedOption.value ?? '90')}
              />
            </FormField>
          </SpaceBetween>
        </form>
      )}
    </Modal>
  );
}

function KeyShown({ made }: { made: inferRouterOutputs<AppRouter>['accessKeys']['create'] }) {
  return (
    <SpaceBetween size="m">
      <Alert type="info" statusIconAriaLabel="Info">
        The secret is shown only now. Keep it where the program reads it and nobody else does.
      </Alert>
      <KeyValues
        columns={1}
        items={[
          ['Access key ID', <CopyableId key="id" id={made.id} name="access key ID" />],
          ['Secret access key', <CopyableId key="secret" id={made.secret} name="secret access key" />],
          ['Expires', <Time key="expires" at={made.expiresAt} exact />],
        ]}
      />
    </SpaceBetween>
  );
}
