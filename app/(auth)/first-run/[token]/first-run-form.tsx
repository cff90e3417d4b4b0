'use client';
// The first administrator of an installation that has no members yet.
import { useState } from 'react';
import { fieldMessages, type ShownFault, shownFault } from '../../../_shell/faults.ts';
import { api, enter } from '../../enter.ts';
import { EntranceField, EntranceForm, Lead, Notice } from '../../entrance-form.tsx';

export function FirstRunForm({ token }: { token: string }) {
  const [sending, setSending] = useState(false);
  const [refused, setRefused] = useState<{ fault: ShownFault; fields: Record<string, string> } | null>(null);
  const weak = refused?.fault.code === 'password-weak' ? refused.fault.message : undefined;
  const { name, email } = refused?.fields ?? {};

  async function submit(form: FormData) {
    setSending(true);
    setRefused(null);
    const of = (field: string) => String(form.get(field) ?? '');
    try {
      const made = await api.links.createFirstAdministrator.mutate({
        token,
        name: of('name'),
        email: of('email'),
        password: of('password'),
      });
      await enter(made.email, of('password'));
    } catch (error) {
      setRefused({ fault: shownFault(error), fields: fieldMessages(error) });
      setSending(false);
    }
  }

  return (
    <EntranceForm
      label="First administrator"
      button="Create account and sign in"
      sending={sending && 'Creating the account…'}
      onSubmit={(form) => void submit(form)}
    >
      <Lead title="Make the first administrator">
        Nobody has an account here yet. Everybody else is invited later, under Settings › Members.
      </Lead>
      <div role="alert">
        {refused && !weak && !name && !email && (
          <Notice tone="red" title={refused.fault.message}>
            {refused.fault.remedy}
          </Notice>
        )}
      </div>
      <EntranceField label="Your name" name="name" autoComplete="name" problem={name} required maxLength={80} />
      <EntranceField
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        hint="You sign in with it."
        problem={email}
        required
        maxLength={320}
      />
      <EntranceField
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        hint="At least 15 characters; a few words in a row are fine."
        problem={weak}
        required
        maxLength={512}
      />
    </EntranceForm>
  );
}
