import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../../_shell/list-page.tsx';
import { NotificationsScreen } from './notifications-screen.tsx';

export const metadata: Metadata = { title: 'Notifications' };

export default function NotificationsPage({ searchParams }: ListPageProps) {
  return (
    <ListPage
      table="deliveries"
      searchParams={searchParams}
      also={(trpc) => [trpc.notifications.channels.queryOptions()]}
    >
      <NotificationsScreen />
    </ListPage>
  );
}
