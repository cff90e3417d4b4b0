import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { caller, sessionMember } from '../../server/api/caller.ts';
import { ConsoleProviders } from '../_shell/providers.tsx';
import { Shell } from '../_shell/shell.tsx';
import { asTheme, THEME_COOKIE } from '../theme.ts';

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const member = await sessionMember();
  if (!member) redirect('/sign-in?ended=1');
  if (member.mustEnrol) redirect('/second-step');
  const me = await caller().session.me();
  const theme = asTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <ConsoleProviders me={me}>
      <Shell theme={theme}>{children}</Shell>
    </ConsoleProviders>
  );
}
