'use client';
// A channel as a form: made anew, or changed. A webhook's secret is shown afterwards, once.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { KindsField } from '../../../_forms/kinds-field.tsx';
import { QuietHoursFields } from '../../../_forms/quiet-hours-fields.tsx';
import { fieldMessages, shownFault } from '../../../_shell/faults.ts';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { newRequestId } from '../../../_shell/request-id.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { CHANNEL_CHOICES, DESTINATIONS, labelOfKind } from './channel-words.ts';
import type { Channel, Channels, NewChannel } from './types.ts';

interface ChannelDialogProps {
  /** Null: a new one. */
  channel: Channel | null;
  kinds: Channels['kinds'];
  mailIsSet: boolean;
  onClose: () => void;
}

const FOR_MACHINES: readonly Channel['kind'][] = ['webhook', 'sns', 'eventbridge'];

export function ChannelDialog({ channel, kinds, mailIsSet, onClose }: ChannelDialogProps) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const [requestId] = useState(newRequestId);
  const secretAddress = channel?.kind === 'slack' || channel?.kind === 'teams';
  const [draft, setDraft] = useState({
    kind: channel?.kind ?? ('email' as Channel['kind']),
    name: channel?.name ?? '',
    destination: secretAddress ? '' : (channel?.destination ?? ''),
    targetId: channel?.targetId ?? null,
    kinds: channel?.kinds ?? [
      'run-failed',
      'job-paused',
      'connector-unhealthy',
      'target-out-of-order',
      'cutover-waits',
    ],
    enabled: channel?.enabled ?? true,
    quietHours: channel?.quietHours ?? null,
    newSecret: false,
  });
  const change = (more: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...more }));
  const [secret, setSecret] = useState<string | null>(null);
  const onSuccess = (made: { secret: string | null }) => {
    notify({ type: 'success', header: channel ? `${draft.name} was changed` : `${draft.name} was created` });
    if (made.secret) setSecret(made.secret);
    else onClose();
  };
  const create = useMutation(
    trpc.notifications.create.mutationOptions({ meta: { inline: true, repeatable: true }, onSuccess }),
  );
  const update = useMutation(trpc.notifications.update.mutationOptions({ meta: { inline: true }, onSuccess }));
  const { error } = channel ? update : create;
  const busy = create.isPending || update.isPending;
  const wrong = fieldMessages(error);
  const known = ['name', 'destination', 'targetId', 'kinds', 'quietHours.to', 'quietHours.from'];
  const shownBelow = known.some((field) => wrong[field] !== undefined);
  const where = DESTINATIONS[draft.kind];
  const byTarget = draft.kind === 'sns' || draft.kind === 'eventbridge';
  const choices = kinds.filter(({ readers }) => readers === 'everybody' || FOR_MACHINES.includes(draft.kind));
  const chosen = draft.kinds.filter((id) => choices.some((one) => one.id === id));

  function save(event?: FormEvent) {
    event?.preventDefault();
    const { kind, name, destination, targetId, enabled, quietHours, newSecret } = draft;
    const shared = { name, destination, enabled, quietHours, ...(byTarget ? { targetId: targetId ?? '' } : {}) };
    if (channel) {
      update.mutate({ ...shared, channelId: channel.id, version: channel.version, kinds: chosen, newSecret });
    } else create.mutate({ ...shared, requestId, kind, kinds: chosen } as NewChannel);
  }

  return (
    <Modal
      visible
      size="large"
      header={secret ? 'Signing secret' : channel ? `Edit ${channel.name}` : 'Create channel'}
      closeAriaLabel="Close"
      onDismiss={() => !busy && onClose()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {!secret && (
              <Button variant="link" disabled={busy} onClick={onClose}>
                Cancel
              </Button>
            )}
            <Button variant="primary" loading={busy} onClick={() => (secret ? onClose() : save())}>
              {secret ? 'Done' : channel ? 'Save changes' : 'Create channel'}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      {secret ? (
        <SpaceBetween size="m">
          <Alert type="info" statusIconAriaLabel="Info">
            Give this secret to the receiver, which checks with it that a notification is ours. It is shown only now.
          </Alert>
          <CopyableId id={secret} name="signing secret" />
        </SpaceBetween>
      ) : (
        <form aria-label={channel ? 'Edit channel' : 'Create channel'} noValidate onSubmit={save}>
          <SpaceBetween size="l">
            {error && !shownBelow && <FaultCard fault={shownFault(error)} />}
            {channel ? (
              <FormField label="Way">{labelOfKind(channel.kind)}</FormField>
            ) : (
              <FormField label="Way">
                <Select
                  selectedOption={CHANNEL_CHOICES.find(({ value }) => value === draft.kind) ?? null}
                  options={CHANNEL_CHOICES}
                  onChange={({ detail }) => change({ kind: detail.selectedOption.value as Channel['kind'] })}
                />
              </FormField>
            )}
            {draft.kind === 'email' && !mailIsSet && (
              <Alert type="warning" statusIconAriaLabel="Warning">
                No mail goes out yet: LANDFALL_SMTP_URL and LANDFALL_MAIL_FROM are not set.
              </Alert>
            )}
            <FormField label="Name" errorText={wrong.name}>
              <Input value={draft.name} onChange={({ detail }) => change({ name: detail.value })} />
            </FormField>
            <FormField
              label={where.label}
              constraintText={secretAddress ? `Leave it empty to keep ${channel?.destination}` : where.constraint}
              errorText={wrong.destination}
              stretch
            >
              <Input
                value={draft.destination}
                placeholder={where.placeholder}
                spellcheck={false}
                autoComplete={false}
                onChange={({ detail }) => change({ destination: detail.value })}
              />
            </FormField>
            {byTarget && (
              <TargetField
                value={draft.targetId}
                problem={wrong.targetId}
                onChange={(targetId) => change({ targetId })}
              />
            )}
            <KindsField
              choices={choices}
              value={chosen}
              problem={wrong.kinds}
              onChange={(picked) => change({ kinds: picked })}
            />
            <QuietHoursFields
              value={draft.quietHours}
              problem={wrong['quietHours.to'] ?? wrong['quietHours.from']}
              onChange={(quietHours) => change({ quietHours })}
            />
            <Checkbox checked={draft.enabled} onChange={({ detail }) => change({ enabled: detail.checked })}>
              On
            </Checkbox>
            {channel?.kind === 'webhook' && (
              <Checkbox
                checked={draft.newSecret}
                description="The one before is worth nothing from then on."
                onChange={({ detail }) => change({ newSecret: detail.checked })}
              >
                Make a new signing secret
              </Checkbox>
            )}
          </SpaceBetween>
        </form>
      )}
    </Modal>
  );
}

function TargetField(props: {
  value: string | null;
  problem?: string | undefined;
  onChange: (targetId: string | null) => void;
}) {
  const { data } = useQuery(useTRPC().targets.all.queryOptions());
  const options = (data ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <FormField label="AWS target" constraintText="With whose sign-in AWS is asked." errorText={props.problem}>
      <Select
        selectedOption={options.find(({ value }) => value === props.value) ?? null}
        options={options}
        placeholder="Choose an AWS target"
        empty="No AWS target"
        onChange={({ detail }) => props.onChange(detail.selectedOption.value ?? null)}
      />
    </FormField>
  );
}
