import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../_shell/list-page.tsx';
import { JobsScreen } from './jobs-screen.tsx';

export const metadata: Metadata = { title: 'Replication jobs' };

export default function JobsPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="jobs" searchParams={searchParams}>
      <JobsScreen />
    </ListPage>
  );
}
