'use client';
// The way in by the provider of single sign-on: above the form for passwords, which only-single-sign-on mode folds away.
import { type ReactNode, useState } from 'react';
import { EntranceForm, Notice } from '../entrance-form.tsx';
import { askForProvider } from './ask-for-provider.ts';
import { type SsoWords, ssoWords } from './sso-words.ts';

interface SsoButtonProps {
  /** As in "Sign in with …". */
  name: string;
  target: string;
  /** Why the last try came to nothing. */
  words: SsoWords | null;
  ended: boolean;
}

export function SsoButton({ name, target, words, ended }: SsoButtonProps) {
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState(words);

  async function submit() {
    setSending(true);
    const { url, reason } = await askForProvider(target);
    if (url) return window.location.assign(url);
    setRefusal(ssoWords(reason));
    setSending(false);
  }

  return (
    <EntranceForm
      label="Single sign-on"
      button={`Sign in with ${name}`}
      sending={sending && 'Opening the provider…'}
      onSubmit={() => void submit()}
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
    </EntranceForm>
  );
}

/** What stands between the two ways in; the second one, where it is for an emergency, opens on demand. */
export function OtherWay({ only, children }: { only: boolean; children: ReactNode }) {
  if (!only) return <div className="mt-4">{children}</div>;
  return (
    <details className="mt-4">
      <summary className="cursor-pointer text-sm font-medium text-sky-800 dark:text-sky-300">
        Use the emergency account
      </summary>
      <p className="my-2 text-sm text-slate-700 dark:text-slate-300">
        For when the provider is away. One account opens with its password; its use is recorded and shown to everybody.
      </p>
      {children}
    </details>
  );
}
