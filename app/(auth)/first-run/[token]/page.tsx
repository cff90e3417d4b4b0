import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { visitorCaller } from '../../../../server/api/caller.ts';
import { DeadLink, LinkProblem } from '../../dead-link.tsx';
import { Entrance } from '../../entrance.tsx';
import { FirstRunForm } from './first-run-form.tsx';

export const metadata: Metadata = { title: 'First administrator', referrer: 'no-referrer', robots: { index: false } };

export default async function FirstRunPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const api = visitorCaller(await headers());
  const asked = await api.links.firstRun({ token }).catch((error: Error) => error);
  if (asked instanceof Error) return <LinkProblem message={asked.message} />;
  if (asked.state !== 'open') return <DeadLink what="first-run" state={asked.state} />;
  return (
    <Entrance>
      <FirstRunForm token={token} />
    </Entrance>
  );
}
