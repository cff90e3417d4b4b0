'use client';
// What belongs to the person who is signed in: name, looks, password, sessions, access keys, workspaces.
import { usePageShell } from '../../_shell/page-shell.tsx';
import { Page } from '../../_ui/page.tsx';
import type { Theme } from '../../theme.ts';
import { AccessKeysCard } from './access-keys-card.tsx';
import { AppearanceCard } from './appearance-card.tsx';
import { NameCard } from './name-card.tsx';
import { NotificationsCard } from './notifications-card.tsx';
import { PasswordCard } from './password-card.tsx';
import { SecondStepCard } from './second-step-card.tsx';
import { SessionsCard } from './sessions-card.tsx';
import { WorkspacesCard } from './workspaces-card.tsx';

export function ProfileScreen({ theme }: { theme: Theme }) {
  usePageShell({ breadcrumbs: [{ text: 'Profile', href: '/profile' }] });
  return (
    <Page title="Profile" description="Yours alone, and the same in every workspace that you belong to.">
      <NameCard />
      <AppearanceCard theme={theme} />
      <PasswordCard />
      <SecondStepCard />
      <NotificationsCard />
      <SessionsCard />
      <AccessKeysCard />
      <WorkspacesCard />
    </Page>
  );
}
