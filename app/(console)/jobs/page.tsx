import type { Metadata } from 'next';
import { memberTableQuery, type SearchParameters } from '../../_shell/member-table-query.ts';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { JobsScreen } from './jobs-screen.tsx';
import { JOBS_SORT } from './sort.ts';

export const metadata: Metadata = { title: 'Replication jobs' };

export default async function JobsPage({ searchParams }: { searchParams: SearchParameters }) {
  const query = await memberTableQuery(searchParams, 'table.jobs', JOBS_SORT);
  return (
    <Prefetch queries={(trpc) => [trpc.jobs.list.queryOptions(query)]}>
      <JobsScreen />
    </Prefetch>
  );
}
