'use client';
// The second step: the code of the phone, or one for when it is lost.
import { useEffect, useRef, useState } from 'react';
import { inConsole } from '../../sub-path.ts';
import { EntranceField, EntranceForm, Lead, Notice } from '../entrance-form.tsx';
import { type Refusal, sendCode } from './send-credentials.ts';

interface CodeFormProps {
  challenge: string;
  target: string;
  /** Back to the password, and why. */
  onOver: (why: Refusal | null) => void;
}

export function CodeForm({ challenge, target, onOver }: CodeFormProps) {
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const code = useRef<HTMLInputElement>(null);
  useEffect(() => code.current?.focus(), []);

  async function submit(form: FormData) {
    setSending(true);
    const result = await sendCode(challenge, String(form.get('code') ?? ''));
    if (result.ok) {
      window.location.assign(inConsole(target));
      return;
    }
    setSending(false);
    if (result.reason === 'code') return;
    if (result.reason === 'challenge-over') return onOver(result);
    setRefusal(result);
    code.current?.select();
    code.current?.focus();
  }

  return (
    <EntranceForm
      label="Second step"
      button="Continue"
      sending={sending && 'Checking…'}
      onSubmit={(form) => void submit(form)}
    >
      <Lead title="One more step">Type the code that your authenticator app shows for Landfall.</Lead>
      <div role="alert">
        {refusal && (
          <Notice tone="red" title={refusal.title}>
            {refusal.text}
          </Notice>
        )}
      </div>
      <EntranceField
        ref={code}
        label="Code"
        name="code"
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        hint="Six digits. Without the phone: one of your recovery codes."
        required
        maxLength={40}
        aria-invalid={refusal?.reason === 'code-wrong' || undefined}
      />
      <button
        type="button"
        className="mt-4 cursor-pointer border-0 bg-transparent p-0 text-sm font-medium text-sky-800 underline dark:text-sky-300"
        onClick={() => onOver(null)}
      >
        Back to the password
      </button>
    </EntranceForm>
  );
}
