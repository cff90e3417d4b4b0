'use client';
// What holds for the whole workspace, one card each.
import { usePageShell } from '../../_shell/page-shell.tsx';
import { Page } from '../../_ui/page.tsx';
import { AccessKeysCard } from './access-keys-card.tsx';
import { LimitsCard } from './limits-card.tsx';
import { MembersCard } from './members-card.tsx';
import { NotificationsCard } from './notifications-card.tsx';
import { SecondStepRuleCard } from './second-step-rule-card.tsx';
import { SsoCard } from './sso-card.tsx';
import { TargetsTable } from './targets-table.tsx';

export function SettingsScreen() {
  usePageShell({ breadcrumbs: [{ text: 'Settings', href: '/settings' }] });
  return (
    <Page title="Settings" description="Settings of the whole workspace.">
      <TargetsTable />
      <LimitsCard />
      <MembersCard />
      <NotificationsCard />
      <SsoCard />
      <SecondStepRuleCard />
      <AccessKeysCard />
    </Page>
  );
}
