import type { Metadata } from 'next';
import { cookies } from 'next/headers';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { asTheme, THEME_COOKIE } from '../../theme.ts';
import { ProfileScreen } from './profile-screen.tsx';

export const metadata: Metadata = { title: 'Profile' };

export default async function ProfilePage() {
  const theme = asTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <Prefetch
      queries={(trpc) => [
        trpc.session.list.queryOptions(),
        trpc.notifications.own.queryOptions(),
        trpc.accessKeys.own.queryOptions(),
        trpc.totp.status.queryOptions(),
      ]}
    >
      <ProfileScreen theme={theme} />
    </Prefetch>
  );
}
