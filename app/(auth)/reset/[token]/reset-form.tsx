'use client';
// A new password by a link.
import { useState } from 'react';
import { type ShownFault, shownFault } from '../../../_shell/faults.ts';
import { api, enter } from '../../enter.ts';
import { EntranceField, EntranceForm, Lead, Notice } from '../../entrance-form.tsx';

export function ResetForm({ token, name, email }: { token: string; name: string; email: string }) {
  const [sending, setSending] = useState(false);
  const [fault, setFault] = useState<ShownFault | null>(null);
  const weak = fault?.code === 'password-weak';

  async function submit(form: FormData) {
    setSending(true);
    setFault(null);
    const password = String(form.get('password') ?? '');
    try {
      await api.links.setPassword.mutate({ token, password });
      await enter(email, password);
    } catch (error) {
      setFault(shownFault(error));
      setSending(false);
    }
  }

  return (
    <EntranceForm
      label="Set a new password"
      button="Set password and sign in"
      sending={sending && 'Setting the password…'}
      onSubmit={(form) => void submit(form)}
    >
      <Lead title="Set a new password">For {name}. All sessions of this account end, in whatever browser.</Lead>
      <div role="alert">
        {fault && !weak && (
          <Notice tone="red" title={fault.message}>
            {fault.remedy}
          </Notice>
        )}
      </div>
      <EntranceField label="E-mail" type="email" autoComplete="username" value={email} readOnly />
      <EntranceField
        label="New password"
        name="password"
        type="password"
        autoComplete="new-password"
        hint="At least 15 characters; a few words in a row are fine."
        problem={weak ? fault?.message : undefined}
        required
        maxLength={512}
      />
    </EntranceForm>
  );
}
