// Pages for members without the console's frame: for a wall screen, and for paper.
import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { caller, sessionMember } from '../../server/api/caller.ts';
import { ConsoleProviders } from '../_shell/providers.tsx';

export default async function BareLayout({ children }: { children: ReactNode }) {
  const member = await sessionMember();
  if (!member) redirect('/sign-in?ended=1');
  if (member.mustEnrol) redirect('/second-step');
  return <ConsoleProviders me={await caller().session.me()}>{children}</ConsoleProviders>;
}
