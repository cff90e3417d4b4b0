'use client';
// How the console and its connectors sign in to an AWS target. A change counts at once, and AWS is asked first whose account it is.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { fieldMessages, shownFault } from '../../../../_shell/faults.ts';
import { useMay } from '../../../../_shell/member.tsx';
import { useMutation, useOneAtATime } from '../../../../_shell/mutation.ts';
import { useNotifications } from '../../../../_shell/notifications.tsx';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { UnsavedEditForm } from '../../../../_shell/unsaved-edit-form.tsx';
import { CopyableId } from '../../../../_ui/copyable-id.tsx';
import { EditableCard } from '../../../../_ui/editable-card.tsx';
import { KeyValues } from '../../../../_ui/key-values.tsx';
import { NEW_SIGN_IN, type SignInDraft, signInOf } from '../sign-in-draft.ts';
import { SignInFields } from '../sign-in-fields.tsx';
import { CONNECTOR_CHOICES, SIGN_IN_CHOICES } from '../target-choices.ts';
import type { Target } from '../types.ts';
import { Chosen } from './settings-cards.tsx';

export function SignInCard({ target }: { target: Target }) {
  const mayEdit = useMay('target.manage') && target.retiredAt === null;
  return (
    <EditableCard
      title="Sign-in"
      description="As whom the console and its connectors call AWS. A change counts at once, also for what was made before."
      editLabel="Edit sign-in"
      mayEdit={mayEdit}
    >
      {({ editing, done }) => (editing ? <SignInForm target={target} onDone={done} /> : <Shown target={target} />)}
    </EditableCard>
  );
}

function Shown({ target }: { target: Target }) {
  const { signIn, connectorSignIn, accessKeyId, roleArn, externalId } = target;
  return (
    <KeyValues
      items={[
        ['Console', <Chosen key="console" choices={SIGN_IN_CHOICES} value={signIn} />],
        ['Connectors', <Chosen key="connectors" choices={CONNECTOR_CHOICES} value={connectorSignIn} />],
        ['Access key ID', signIn === 'access-key' && <CopyableId key="key" id={accessKeyId} name="access key ID" />],
        ['Role', signIn === 'assume-role' && <CopyableId key="role" id={roleArn} name="role" />],
        ['External ID', signIn === 'assume-role' && <CopyableId key="external" id={externalId} name="external ID" />],
      ]}
    />
  );
}

function SignInForm({ target, onDone }: { target: Target; onDone: () => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const { data: offered } = useQuery(
    trpc.targets.signIn.queryOptions({ targetId: target.id }, { meta: { live: false } }),
  );
  const [opened] = useState<SignInDraft>(() => ({
    ...NEW_SIGN_IN,
    kind: target.signIn,
    accessKeyId: target.accessKeyId ?? '',
    roleArn: target.roleArn ?? '',
    connectorSignIn: target.connectorSignIn,
  }));
  const [draft, setDraft] = useState(opened);
  const [tried, setTried] = useState(false);
  const save = useMutation(trpc.targets.changeSignIn.mutationOptions({ meta: { inline: true, repeatable: true } }));
  // Left as it is, it need not be given again, its secret least of all.
  const stays =
    draft.kind === target.signIn &&
    draft.accessKeyId === opened.accessKeyId &&
    draft.secretAccessKey === '' &&
    draft.roleArn === opened.roleArn;
  const { signIn, problems = {} } = stays ? { signIn: undefined } : signInOf(draft);

  const [send] = useOneAtATime(async () => {
    setTried(true);
    if (!stays && !signIn) return;
    try {
      const { connectorSignIn } = draft;
      await save.mutateAsync({ targetId: target.id, connectorSignIn, ...(signIn && { signIn }) });
    } catch {
      return; // The fault is shown above the buttons.
    }
    notify({ type: 'success', header: `Sign-in of ${target.name} saved` });
    onDone();
  });

  return (
    <UnsavedEditForm
      label="Sign-in"
      changed={JSON.stringify(draft) !== JSON.stringify(opened)}
      saving={save.isPending}
      fault={save.error && shownFault(save.error)}
      onSave={send}
      onCancel={onDone}
    >
      <SignInFields
        draft={draft}
        problems={{ ...serverProblems(save.error), ...(tried ? problems : {}) }}
        allowed={[target.signIn, ...(offered?.allowed ?? []).filter((kind) => kind !== target.signIn)]}
        externalId={offered?.externalId ?? target.externalId}
        partition={target.partition}
        onChange={(change) => setDraft((before) => ({ ...before, ...change }))}
      />
    </UnsavedEditForm>
  );
}

function serverProblems(error: unknown) {
  const fields = Object.entries(fieldMessages(error));
  return Object.fromEntries(fields.map(([path, message]) => [path.replace('signIn.', ''), message]));
}
