'use client';
import { useRef, useState } from 'react';
import { inConsole } from '../../sub-path.ts';
import { EntranceField, EntranceForm, Notice } from '../entrance-form.tsx';
import { CodeForm } from './code-form.tsx';
import { type Refusal, sendCredentials } from './send-credentials.ts';

export function SignInForm({ target, ended }: { target: string; ended: boolean }) {
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [challenge, setChallenge] = useState<string | null>(null);
  const password = useRef<HTMLInputElement>(null);

  async function submit(form: FormData) {
    setSending(true);
    const result = await sendCredentials(String(form.get('email') ?? ''), String(form.get('password') ?? ''));
    if (result.ok) {
      // A whole page load: nothing of a former member stays in memory.
      window.location.assign(inConsole(target));
      return;
    }
    setSending(false);
    if (result.reason === 'code') {
      setRefusal(null);
      setChallenge(result.challenge);
      return;
    }
    setRefusal(result);
    password.current?.select();
    password.current?.focus();
  }

  if (challenge) {
    const over = (why: Refusal | null) => {
      setRefusal(why);
      setChallenge(null);
    };
    return <CodeForm challenge={challenge} target={target} onOver={over} />;
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
