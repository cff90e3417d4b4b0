import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { caller, sessionMember } from '../../../server/api/caller.ts';
import { Entrance } from '../entrance.tsx';
import { EnrolForm } from './enrol-form.tsx';

export const metadata: Metadata = { title: 'Second step' };

/** Setting up the second step: from the profile, or because the workspace asks for it. */
export default async function SecondStepPage() {
  const member = await sessionMember();
  if (!member) redirect('/sign-in');
  const { since } = await caller().totp.status();
  if (since) redirect('/profile');
  const { workspaceName, mustEnrol, principal } = member;
  return (
    <Entrance>
      <EnrolForm email={principal.email} askedBy={mustEnrol ? workspaceName : null} />
    </Entrance>
  );
}
