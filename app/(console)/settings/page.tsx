import type { Metadata } from 'next';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { SettingsScreen } from './settings-screen.tsx';

export const metadata: Metadata = { title: 'Settings' };

export default function SettingsPage() {
  return (
    <Prefetch
      queries={(trpc) => [
        trpc.targets.all.queryOptions(),
        trpc.limits.get.queryOptions(),
        trpc.totp.rule.queryOptions(),
      ]}
    >
      <SettingsScreen />
    </Prefetch>
  );
}
