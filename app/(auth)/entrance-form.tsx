'use client';
// The parts of a form for who is not signed in.
import { type InputHTMLAttributes, type ReactNode, type Ref, useId, useSyncExternalStore } from 'react';
import { inConsole } from '../sub-path.ts';

const CARD =
  'rounded-xl border border-solid border-slate-200 bg-white p-6 shadow-sm dark:border-slate-700 dark:bg-[#161d26]';

const FIELD =
  'mt-1 block w-full rounded-lg border border-slate-500 bg-white px-3 py-2 text-base text-slate-900 outline-none ' +
  'focus-visible:border-sky-700 focus-visible:ring-2 focus-visible:ring-sky-700 ' +
  'read-only:bg-slate-100 dark:read-only:bg-[#0f141a] ' +
  'dark:border-slate-400 dark:bg-[#161d26] dark:text-slate-50 dark:focus-visible:border-sky-400 dark:focus-visible:ring-sky-400';

const never = () => () => {};
/** False in the server's HTML and until React has taken over: a form sent earlier would go nowhere. */
const useHydrated = () =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  );

interface EntranceFormProps {
  label: string;
  /** The button, and the same while it is sent. */
  button: string;
  sending: string | false;
  onSubmit: (form: FormData) => void;
  children: ReactNode;
}

export function EntranceForm({ label, button, sending, onSubmit, children }: EntranceFormProps) {
  const hydrated = useHydrated();
  return (
    <form
      method="post"
      aria-label={label}
      className={CARD}
      onSubmit={(event) => {
        event.preventDefault();
        if (!sending) onSubmit(new FormData(event.currentTarget));
      }}
    >
      {children}
      <button
        type="submit"
        disabled={!hydrated || sending !== false}
        className="mt-6 w-full cursor-pointer rounded-lg border-0 bg-[#0b5c8a] px-4 py-2.5 text-base font-semibold text-white outline-offset-2 hover:bg-[#094a70] focus-visible:outline-2 focus-visible:outline-sky-700 disabled:cursor-default disabled:bg-slate-600 dark:focus-visible:outline-sky-400"
      >
        {sending || button}
      </button>
    </form>
  );
}

/** A card that only says something. */
export function EntranceCard({ children }: { children: ReactNode }) {
  return <div className={CARD}>{children}</div>;
}

interface EntranceFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  /** What is expected, below the field. */
  hint?: string;
  /** Why it was refused; in the place of the hint. */
  problem?: string | undefined;
  ref?: Ref<HTMLInputElement>;
}

export function EntranceField({ label, hint, problem, ...input }: EntranceFieldProps) {
  const id = useId();
  const below = problem ?? hint;
  return (
    <div className="mt-4 first:mt-0">
      <label htmlFor={id} className="block text-sm font-medium text-slate-800 dark:text-slate-200">
        {label}
      </label>
      <input
        {...input}
        id={id}
        className={FIELD}
        aria-invalid={problem ? true : input['aria-invalid']}
        aria-describedby={below ? `${id}-below` : undefined}
      />
      {below && (
        <p
          id={`${id}-below`}
          role={problem ? 'alert' : undefined}
          className={`mt-1 mb-0 text-sm ${problem ? 'text-red-800 dark:text-red-300' : 'text-slate-600 dark:text-slate-400'}`}
        >
          {below}
        </p>
      )}
    </div>
  );
}

export function Notice({ tone, title, children }: { tone: 'red' | 'blue'; title: string; children: ReactNode }) {
  const colours =
    tone === 'red'
      ? 'border-red-700 bg-red-50 text-red-900 dark:border-red-400 dark:bg-red-950 dark:text-red-100'
      : 'border-sky-700 bg-sky-50 text-sky-900 dark:border-sky-400 dark:bg-sky-950 dark:text-sky-100';
  return (
    <div className={`mb-5 rounded-lg border border-solid px-3 py-2.5 text-sm ${colours}`}>
      <strong className="block font-semibold">{title}</strong>
      {children}
    </div>
  );
}

/** What stands above the fields: what this is, and for whom. */
export function Lead({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="mb-5">
      <h2 className="m-0 text-lg font-semibold text-slate-900 dark:text-slate-50">{title}</h2>
      <p className="mt-1 mb-0 text-sm text-slate-700 dark:text-slate-300">{children}</p>
    </div>
  );
}

export function EntranceLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a href={inConsole(href)} className="text-sm font-medium text-sky-800 underline dark:text-sky-300">
      {children}
    </a>
  );
}
