import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { sessionMember } from '../../../server/api/caller.ts';
import { Entrance } from '../entrance.tsx';
import { safeCallback } from './callback-url.ts';
import { SignInForm } from './sign-in-form.tsx';

export const metadata: Metadata = { title: 'Sign in' };

export default async function SignInPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const { callbackUrl, ended } = await searchParams;
  const target = safeCallback(typeof callbackUrl === 'string' ? callbackUrl : null);
  // While the database does not answer, the form says so when it is sent.
  if (await sessionMember().catch(() => null)) redirect(target);
  return (
    <Entrance>
      <SignInForm target={target} ended={ended === '1'} />
    </Entrance>
  );
}
