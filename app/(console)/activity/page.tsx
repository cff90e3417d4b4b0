import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../_shell/list-page.tsx';
import { ActivityScreen } from './activity-screen.tsx';

export const metadata: Metadata = { title: 'Activity' };

export default function ActivityPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="activity" searchParams={searchParams}>
      <ActivityScreen />
    </ListPage>
  );
}
