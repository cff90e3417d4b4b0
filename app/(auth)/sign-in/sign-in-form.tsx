'use client';
import { type FormEvent, useRef, useState, useSyncExternalStore } from 'react';
import { type SendResult, sendCredentials } from './send-credentials.ts';

const never = () => () => {};
/** False in the server's HTML and until React has taken over: a form sent earlier would go nowhere. */
const useHydrated = () =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  );

const FIELD =
  'mt-1 block w-full rounded-lg border border-slate-500 bg-white px-3 py-2 text-base text-slate-900 outline-none ' +
  'focus-visible:border-sky-700 focus-visible:ring-2 focus-visible:ring-sky-700 ' +
  'dark:border-slate-400 dark:bg-[#161d26] dark:text-slate-50 dark:focus-visible:border-sky-400 dark:focus-visible:ring-sky-400';

const LABEL = 'block text-sm font-medium text-slate-800 dark:text-slate-200';

export function SignInForm({ target, ended }: { target: string; ended: boolean }) {
  const hydrated = useHydrated();
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<Exclude<SendResult, { ok: true }> | null>(null);
  const password = useRef<HTMLInputElement>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setSending(true);
    const result = await sendCredentials(String(form.get('email') ?? ''), String(form.get('password') ?? ''));
    if (result.ok) {
      // A whole page load: nothing of a former member stays in memory.
      window.location.assign(target);
      return;
    }
    setRefusal(result);
    setSending(false);
    password.current?.select();
    password.current?.focus();
  }

  return (
    <form
      method="post"
      onSubmit={submit}
      aria-label="Sign in"
      className="rounded-xl border border-solid border-slate-200 bg-white p-6 shadow-sm dark:border-slate-700 dark:bg-[#161d26]"
    >
      <div role="alert">{refusal && <Notice tone="red" title={refusal.title} text={refusal.text} />}</div>
      {ended && !refusal && <Notice tone="blue" title="Your session has ended" text="Sign in again to continue." />}
      <label className={LABEL}>
        E-mail
        <input className={FIELD} name="email" type="email" autoComplete="username" required maxLength={320} />
      </label>
      <label className={`${LABEL} mt-4`}>
        Password
        <input
          ref={password}
          className={FIELD}
          name="password"
          type="password"
          autoComplete="current-password"
          required
          maxLength={512}
          aria-invalid={refusal?.reason === 'wrong' || undefined}
        />
      </label>
      <button
        type="submit"
        disabled={!hydrated || sending}
        className="mt-6 w-full cursor-pointer rounded-lg border-0 bg-[#0b5c8a] px-4 py-2.5 text-base font-semibold text-white outline-offset-2 hover:bg-[#094a70] focus-visible:outline-2 focus-visible:outline-sky-700 disabled:cursor-default disabled:bg-slate-600 dark:focus-visible:outline-sky-400"
      >
        {sending ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}

function Notice({ tone, title, text }: { tone: 'red' | 'blue'; title: string; text: string }) {
  const colours =
    tone === 'red'
      ? 'border-red-700 bg-red-50 text-red-900 dark:border-red-400 dark:bg-red-950 dark:text-red-100'
      : 'border-sky-700 bg-sky-50 text-sky-900 dark:border-sky-400 dark:bg-sky-950 dark:text-sky-100';
  return (
    <div className={`mb-5 rounded-lg border border-solid px-3 py-2.5 text-sm ${colours}`}>
      <strong className="block font-semibold">{title}</strong>
      {text}
    </div>
  );
}
