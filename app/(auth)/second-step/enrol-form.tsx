'use client';
// Setting up the second step: what the phone is told, its first code, and the recovery codes.
import { useEffect, useState } from 'react';
import { type ShownFault, shownFault } from '../../_shell/faults.ts';
import { signOut } from '../../_shell/sign-out.ts';
import { inConsole } from '../../sub-path.ts';
import { api } from '../enter.ts';
import { EntranceField, EntranceForm, EntranceLink, Lead, Notice } from '../entrance-form.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';

interface Offer {
  secret: string;
  picture: string;
}

/** `askedBy`: the workspace that answers nothing else before there is one. */
export function EnrolForm({ email, askedBy }: { email: string; askedBy: string | null }) {
  const [offer, setOffer] = useState<Offer | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [sending, setSending] = useState(false);
  const [fault, setFault] = useState<ShownFault | null>(null);
  useEffect(() => {
    // Asked twice it answers the same.
    api.totp.begin
      .mutate()
      .then(setOffer)
      .catch((error) => setFault(shownFault(error)));
  }, []);

  async function submit(form: FormData) {
    setSending(true);
    setFault(null);
    try {
      const { recoveryCodes } = await api.totp.confirm.mutate({ code: String(form.get('code') ?? '') });
      setCodes(recoveryCodes);
    } catch (error) {
      setFault(shownFault(error));
    }
    setSending(false);
  }

  if (codes) return <RecoveryCodes codes={codes} onDone={() => window.location.assign(inConsole('/profile'))} />;
  const atField = fault?.code === 'code-wrong';
  return (
    <EntranceForm
      label="Set up the second step"
      button="Turn on"
      sending={(sending && 'Checking…') || (!offer && !fault && 'Loading…')}
      onSubmit={(form) => void submit(form)}
    >
      <Lead title="Set up the second step">
        {askedBy
          ? `The workspace ${askedBy} asks for a code at sign-in, beside the password.`
          : 'From then on, signing in asks for a code beside the password.'}
      </Lead>
      <div role="alert">
        {fault && !atField && (
          <Notice tone="red" title={fault.message}>
            {fault.remedy}
          </Notice>
        )}
      </div>
      {offer && (
        <>
          <p className="m-0 text-sm text-slate-700 dark:text-slate-300">
            Scan this with an authenticator app, or type the key into it:
          </p>
          {/* biome-ignore lint/performance/noImgElement: a picture that came with the answer */}
          <img
            src={offer.picture}
            alt={`QR code of the key for ${email}`}
            width={208}
            height={208}
            className="mx-auto my-4 block rounded-lg bg-white"
          />
          <p className="m-0 text-center font-mono text-sm wrap-anywhere text-slate-900 select-all dark:text-slate-50">
            {offer.secret.match(/.{1,4}/g)?.join(' ')}
          </p>
          <EntranceField
            label="Code"
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            hint="The six digits that the app shows now."
            problem={atField ? fault.message : undefined}
            required
            maxLength={12}
          />
        </>
      )}
      <p className="mt-4 mb-0">
        {askedBy ? (
          <button
            type="button"
            className="cursor-pointer border-0 bg-transparent p-0 text-sm font-medium text-sky-800 underline dark:text-sky-300"
            onClick={() => void signOut(undefined, async () => null).catch((error) => setFault(shownFault(error)))}
          >
            Sign out
          </button>
        ) : (
          <EntranceLink href="/profile">Back to the profile</EntranceLink>
        )}
      </p>
    </EntranceForm>
  );
}
