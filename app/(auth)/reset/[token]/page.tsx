import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { visitorCaller } from '../../../../server/api/caller.ts';
import { DeadLink, LinkProblem } from '../../dead-link.tsx';
import { Entrance } from '../../entrance.tsx';
import { ResetForm } from './reset-form.tsx';

export const metadata: Metadata = { title: 'New password', referrer: 'no-referrer', robots: { index: false } };

export default async function ResetPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const api = visitorCaller(await headers());
  const asked = await api.links.reset({ token }).catch((error: Error) => error);
  if (asked instanceof Error) return <LinkProblem message={asked.message} />;
  if (asked.state !== 'open') return <DeadLink what="reset" state={asked.state} />;
  return (
    <Entrance>
      <ResetForm token={token} name={asked.name} email={asked.email} />
    </Entrance>
  );
}
