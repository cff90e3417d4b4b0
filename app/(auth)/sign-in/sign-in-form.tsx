'use client';
import { useRef, useState } from 'react';
import { inConsole } from '../../sub-path.ts';
import { EntranceField, EntranceForm, Notice } from '../entrance-form.tsx';
import { type SendResult, sendCredentials } from './send-credentials.ts';

export function SignInForm({ target, ended }: { target: string; ended: boolean }) {
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<Exclude<SendResult, { ok: true }> | null>(null);
  const password = useRef<HTMLInputElement>(null);

  async function submit(form: FormData) {
    setSending(true);
    const result = await sendCredentials(String(form.get('email') ?? ''), String(form.get('password') ?? ''));
    if (result.ok) {
      // A whole page load: nothing of a former member stays in memory.
      window.location.assign(inConsole(target));
      return;
    }
    setRefusal(result);
    setSending(false);
    password.current?.select();
    password.current?.focus();
  }

  return (
    <EntranceForm
      label="Sign in"
      button="Sign in"
      sending={sending && 'Signing in…'}
      onSubmit={(form) => void submit(form)}
    >
      <div role="alert">
        {refusal && (
          <Notice tone="red" title={refusal.title}>
            {refusal.text}
          </Notice>
        )}
      </div>
      {ended && !refusal && (
        <Notice tone="blue" title="Your session has ended">
          Sign in again to continue.
        </Notice>
      )}
      <EntranceField label="E-mail" name="email" type="email" autoComplete="username" required maxLength={320} />
      <EntranceField
        ref={password}
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        maxLength={512}
        aria-invalid={refusal?.reason === 'wrong' || undefined}
      />
    </EntranceForm>
  );
}
