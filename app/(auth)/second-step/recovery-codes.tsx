'use client';
// The codes for when the phone is lost, as they are shown: once.
import { EntranceForm, Lead, Notice } from '../entrance-form.tsx';

export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  return (
    <EntranceForm label="Recovery codes" button="I have kept them" sending={false} onSubmit={onDone}>
      <Lead title="The second step is on">
        Without your phone, each of these codes lets you in once in the place of its code.
      </Lead>
      <Notice tone="blue" title="They are shown only now">
        Keep them where you keep passwords, and not on the phone alone.
      </Notice>
      <ul
        aria-label="Recovery codes"
        className="m-0 grid list-none grid-cols-2 gap-2 p-0 text-center font-mono text-sm text-slate-900 select-all dark:text-slate-50"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </EntranceForm>
  );
}
