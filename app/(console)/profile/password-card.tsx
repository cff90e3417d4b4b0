'use client';
// A new password, for who knows the present one.
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { useMember } from '../../_shell/member.tsx';
import { useMutation, useOneAtATime } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { UnsavedEditForm } from '../../_shell/unsaved-edit-form.tsx';
import { EditableCard } from '../../_ui/editable-card.tsx';

export function PasswordCard() {
  return (
    <EditableCard
      title="Password"
      description="A change ends all your sessions but this one."
      editLabel="Change password"
      mayEdit
    >
      {({ editing, done }) =>
        editing ? (
          <PasswordForm onDone={done} />
        ) : (
          'Only you know it. Whoever has forgotten it asks an administrator for a link.'
        )
      }
    </EditableCard>
  );
}

function PasswordForm({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC();
  const { email } = useMember();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const [present, setPresent] = useState('');
  const [password, setPassword] = useState('');
  const save = useMutation(trpc.session.changePassword.mutationOptions({ meta: { inline: true } }));
  const fault = save.error && shownFault(save.error);
  const ofPresent = fault?.code === 'password-wrong' ? fault.message : undefined;
  const ofNew = fault?.code === 'password-weak' ? fault.message : undefined;
  const [send] = useOneAtATime(async () => {
    try {
      await save.mutateAsync({ present, password });
    } catch {
      return; // The fault is shown at its field, or above the buttons.
    }
    await queryClient.invalidateQueries({ queryKey: trpc.session.list.queryKey() });
    notify({ type: 'success', header: 'Password changed', content: 'All your other sessions have ended.' });
    onDone();
  });
  return (
    <UnsavedEditForm
      label="Password"
      changed={present !== '' && password !== ''}
      saving={save.isPending}
      fault={!ofPresent && !ofNew && fault}
      onSave={send}
      onCancel={onDone}
    >
      {/* For password managers, which otherwise guess whose password this is. */}
      <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
      <FormField label="Present password" errorText={ofPresent}>
        <Input
          type="password"
          autoComplete="current-password"
          value={present}
          onChange={({ detail }) => setPresent(detail.value)}
        />
      </FormField>
      <FormField
        label="New password"
        constraintText="At least 15 characters; a few words in a row are fine."
        errorText={ofNew}
      >
        <Input
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={({ detail }) => setPassword(detail.value)}
        />
      </FormField>
    </UnsavedEditForm>
  );
}
