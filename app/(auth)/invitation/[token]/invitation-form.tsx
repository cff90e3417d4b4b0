'use client';
// Accepting an invitation: a new person chooses name and password, a known one proves to be that person.
import { useState } from 'react';
import { ROLE_LABELS, type Role } from '../../../../server/access/permissions.ts';
import { type ShownFault, shownFault } from '../../../_shell/faults.ts';
import { openWorkspace } from '../../../_shell/open-workspace.ts';
import { api, enter } from '../../enter.ts';
import { EntranceField, EntranceForm, Lead, Notice } from '../../entrance-form.tsx';

interface InvitationFormProps {
  token: string;
  invitation: { workspace: string; email: string; role: Role; invitedBy: string | null; person: 'known' | 'new' };
  /** E-mail of who is signed in in this browser. */
  signedInAs: string | null;
}

export function InvitationForm({ token, invitation, signedInAs }: InvitationFormProps) {
  const { workspace, email, role, invitedBy, person } = invitation;
  const [sending, setSending] = useState(false);
  const [fault, setFault] = useState<ShownFault | null>(null);
  const proved = person === 'known' && signedInAs === email;
  const atField = fault?.code === 'password-weak' || fault?.code === 'password-wrong';

  async function submit(form: FormData) {
    setSending(true);
    setFault(null);
    const password = String(form.get('password') ?? '');
    try {
      const { workspaceId } = await api.links.acceptInvitation.mutate({
        token,
        ...(person === 'new' && { name: String(form.get('name') ?? '') }),
        ...(!proved && { password }),
      });
      await (proved ? openWorkspace(workspaceId) : enter(email, password, workspaceId));
    } catch (error) {
      setFault(shownFault(error));
      setSending(false);
    }
  }

  return (
    <EntranceForm
      label="Accept invitation"
      button={person === 'new' ? 'Create account and join' : `Join ${workspace}`}
      sending={sending && 'Joining…'}
      onSubmit={(form) => void submit(form)}
    >
      <Lead title={`Join the workspace ${workspace}`}>
        {invitedBy ?? 'An administrator'} invites {email} as {ROLE_LABELS[role].toLowerCase()}.
      </Lead>
      <div role="alert">
        {fault && !atField && (
          <Notice tone="red" title={fault.message}>
            {fault.remedy}
          </Notice>
        )}
      </div>
      {signedInAs && !proved && (
        <Notice tone="blue" title={`You are signed in as ${signedInAs}`}>
          This invitation is for {email}. When you accept it, this browser is signed in as that person.
        </Notice>
      )}
      <EntranceField label="E-mail" type="email" autoComplete="username" value={email} readOnly />
      {person === 'new' && <EntranceField label="Your name" name="name" autoComplete="name" required maxLength={80} />}
      {!proved && (
        <EntranceField
          label="Password"
          name="password"
          type="password"
          autoComplete={person === 'new' ? 'new-password' : 'current-password'}
          hint={
            person === 'new'
              ? 'At least 15 characters; a few words in a row are fine.'
              : 'Of the account that this address has here already.'
          }
          problem={atField ? fault?.message : undefined}
          required
          maxLength={512}
        />
      )}
    </EntranceForm>
  );
}
