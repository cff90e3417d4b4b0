import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { sessionMember, visitorCaller } from '../../../../server/api/caller.ts';
import { DeadLink, LinkProblem } from '../../dead-link.tsx';
import { Entrance } from '../../entrance.tsx';
import { InvitationForm } from './invitation-form.tsx';

export const metadata: Metadata = { title: 'Invitation', referrer: 'no-referrer', robots: { index: false } };

export default async function InvitationPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const api = visitorCaller(await headers());
  const asked = await api.links.invitation({ token }).catch((error: Error) => error);
  if (asked instanceof Error) return <LinkProblem message={asked.message} />;
  if (asked.state !== 'open') return <DeadLink what="invitation" state={asked.state} />;
  const member = await sessionMember().catch(() => null);
  return (
    <Entrance>
      <InvitationForm token={token} invitation={asked} signedInAs={member?.principal.email ?? null} />
    </Entrance>
  );
}
