import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../../_shell/list-page.tsx';
import { CreateJobsScreen } from './create-jobs-screen.tsx';

export const metadata: Metadata = { title: 'Create replication job' };

export default function CreateJobsPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="servers" searchParams={searchParams}>
      <CreateJobsScreen />
    </ListPage>
  );
}
