'use client';
// The choices of the AWS target, for administrators. Keeps the values it was opened with until it is saved or cancelled.
import Alert from '@cloudscape-design/components/alert';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ChoiceField } from '../../_forms/choice-field.tsx';
import { fieldMessages, shownFault } from '../../_shell/faults.ts';
import { useMutation, useOneAtATime } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { UnsavedEditForm } from '../../_shell/unsaved-edit-form.tsx';
import { ChangedMeanwhile } from '../../_ui/editable-card.tsx';
import {
  beginsNewChains,
  differs,
  ENCRYPTION_CHOICES,
  type Encryption,
  encryptionOf,
  type TargetSettings,
  TRANSFER_CHOICES,
  TRANSPORT_CHOICES,
  VERIFICATION_CHOICES,
} from './target-choices.ts';
import type { Target } from './types.ts';

export function TargetForm({ target, onDone }: { target: Target; onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const [opened] = useState<TargetSettings>(() => settingsOf(target));
  const [chosen, setChosen] = useState(opened);
  const [encryption, setEncryption] = useState<Encryption>(() => encryptionOf(target));
  const save = useMutation(trpc.targets.update.mutationOptions({ meta: { inline: true, repeatable: true } }));

  const wrong = fieldMessages(save.error).kmsKeyArn;
  const wished: TargetSettings = {
    ...chosen,
    encrypted: encryption !== 'off',
    kmsKeyArn: encryption === 'key' ? (chosen.kmsKeyArn ?? '').trim() : null,
  };

  const [send] = useOneAtATime(async () => {
    try {
      await save.mutateAsync({ ...wished, targetId: target.id });
    } catch {
      return; // The fault is shown above the buttons.
    }
    await queryClient.invalidateQueries({ queryKey: trpc.targets.get.queryKey() });
    notify({
      type: 'success',
      header: 'AWS target saved',
      content: 'It applies to runs created from now on. Runs under way continue unchanged.',
    });
    onDone();
  });

  return (
    <UnsavedEditForm
      label="AWS target"
      changed={differs(wished, opened)}
      saving={save.isPending}
      fault={save.error && !wrong && shownFault(save.error)}
      onSave={send}
      onCancel={onDone}
    >
      <Alert type="info" statusIconAriaLabel="Info">
        {beginsNewChains(wished, opened)
          ? 'Changes apply to runs created from now on. The next run of each job copies its disks whole: snapshots that build on one another share one key.'
          : 'Changes apply to runs created from now on. No full copy is needed: the next run continues from the existing baseline.'}
      </Alert>
      {differs(settingsOf(target), opened) && <ChangedMeanwhile what="the AWS target" />}
      <ChoiceField
        label="Transfer path"
        choices={TRANSFER_CHOICES}
        value={chosen.transfer}
        onChange={(value) => setChosen({ ...chosen, transfer: value })}
      />
      <ChoiceField
        label="How disks are read"
        choices={TRANSPORT_CHOICES}
        value={chosen.transport}
        onChange={(value) => setChosen({ ...chosen, transport: value })}
      />
      <ChoiceField
        label="Verification"
        choices={VERIFICATION_CHOICES}
        value={chosen.verification}
        onChange={(value) => setChosen({ ...chosen, verification: value })}
      />
      <ChoiceField
        label="Encryption"
        choices={ENCRYPTION_CHOICES}
        value={encryption}
        onChange={(value) => setEncryption(value)}
      />
      {encryption === 'key' && (
        <FormField
          label="ARN of the KMS key"
          constraintText="arn:aws:kms:REGION:ACCOUNT:key/ID, in the Region of the target."
          errorText={wrong}
          stretch
        >
          <Input
            value={chosen.kmsKeyArn ?? ''}
            spellcheck={false}
            onChange={({ detail }) => setChosen({ ...chosen, kmsKeyArn: detail.value })}
          />
        </FormField>
      )}
    </UnsavedEditForm>
  );
}

function settingsOf({ transfer, transport, verification, encrypted, kmsKeyArn }: Target): TargetSettings {
  return { transfer, transport, verification, encrypted, kmsKeyArn };
}
