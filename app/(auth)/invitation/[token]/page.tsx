import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { sessionMember, visitorCaller } from '../../../../server/api/caller.ts';
import { signInWays } from '../../../../server/auth/sign-in-ways.ts';
import { DeadLink, LinkProblem } from '../../dead-link.tsx';
import { Entrance } from '../../entrance.tsx';
import { EntranceCard, Lead } from '../../entrance-form.tsx';
import { SsoButton } from '../../sign-in/sso-button.tsx';
import { InvitationForm } from './invitation-form.tsx';

export const metadata: Metadata = { title: 'Invitation', referrer: 'no-referrer', robots: { index: false } };

export default async function InvitationPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const api = visitorCaller(await headers());
  const asked = await api.links.invitation({ token }).catch((error: Error) => error);
  if (asked instanceof Error) return <LinkProblem message={asked.message} />;
  if (asked.state !== 'open') return <DeadLink what="invitation" state={asked.state} />;
  if (asked.person === 'provider-first') {
    const { workspace, invitedBy, email } = asked;
    const { sso } = signInWays();
    return (
      <Entrance>
        <EntranceCard>
          <Lead title={`Join the workspace ${workspace}`}>
            {invitedBy ?? 'An administrator'} invites {email}. This console is entered by single sign-on only: sign in
            as {email} first, then open this link again. If you are let in nowhere, ask for a role for one of your
            groups.
          </Lead>
        </EntranceCard>
        {sso && (
          <div className="mt-4">
            <SsoButton name={sso.name} target={`/invitation/${encodeURIComponent(token)}`} words={null} ended={false} />
          </div>
        )}
      </Entrance>
    );
  }
  const member = await sessionMember().catch(() => null);
  return (
    <Entrance>
      <InvitationForm
        token={token}
        invitation={{ ...asked, person: asked.person }}
        signedInAs={member?.principal.email ?? null}
      />
    </Entrance>
  );
}
