import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { sessionMember } from '../../../server/api/caller.ts';
import { signInWays } from '../../../server/auth/sign-in-ways.ts';
import { Entrance } from '../entrance.tsx';
import { safeCallback } from './callback-url.ts';
import { SignInForm } from './sign-in-form.tsx';
import { OtherWay, SsoButton } from './sso-button.tsx';
import { ssoWords } from './sso-words.ts';

export const metadata: Metadata = { title: 'Sign in' };

export default async function SignInPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const { callbackUrl, ended, sso: reason } = await searchParams;
  const target = safeCallback(typeof callbackUrl === 'string' ? callbackUrl : null);
  // While the database does not answer, the form says so when it is sent.
  if (await sessionMember().catch(() => null)) redirect(target);
  const { sso, only } = signInWays();
  const isOver = ended === '1';
  const form = <SignInForm target={target} ended={isOver && !sso} />;
  return (
    <Entrance>
      {sso && <SsoButton name={sso.name} target={target} words={ssoWords(reason)} ended={isOver} />}
      {sso ? <OtherWay only={only}>{form}</OtherWay> : form}
    </Entrance>
  );
}
