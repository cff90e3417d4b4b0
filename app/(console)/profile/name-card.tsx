'use client';
// What the person is called, and the e-mail address with which they sign in.
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { fieldMessages, shownFault } from '../../_shell/faults.ts';
import { useMember } from '../../_shell/member.tsx';
import { useMutation, useOneAtATime } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { UnsavedEditForm } from '../../_shell/unsaved-edit-form.tsx';
import { EditableCard } from '../../_ui/editable-card.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { useRefreshMe } from './refresh-me.ts';

export function NameCard() {
  const me = useMember();
  return (
    <EditableCard title="Name" description="Others see it with everything that you do." editLabel="Edit name" mayEdit>
      {({ editing, done }) =>
        editing ? (
          <NameForm name={me.name} onDone={done} />
        ) : (
          <KeyValues
            items={[
              ['Name', me.name],
              ['E-mail', me.email],
            ]}
          />
        )
      }
    </EditableCard>
  );
}

function NameForm({ name, onDone }: { name: string; onDone: () => void }) {
  const trpc = useTRPC();
  const refreshMe = useRefreshMe();
  const { notify } = useNotifications();
  const [wished, setWished] = useState(name);
  const save = useMutation(trpc.session.changeName.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const wrong = fieldMessages(save.error).name;
  const [send] = useOneAtATime(async () => {
    try {
      await save.mutateAsync({ name: wished });
    } catch {
      return; // The fault is shown above the buttons.
    }
    await refreshMe();
    notify({ type: 'success', header: 'Name saved' });
    onDone();
  });
  return (
    <UnsavedEditForm
      label="Name"
      changed={wished !== name}
      saving={save.isPending}
      fault={save.error && !wrong && shownFault(save.error)}
      onSave={send}
      onCancel={onDone}
    >
      <FormField label="Name" errorText={wrong}>
        <Input value={wished} autoComplete="name" onChange={({ detail }) => setWished(detail.value)} />
      </FormField>
    </UnsavedEditForm>
  );
}
