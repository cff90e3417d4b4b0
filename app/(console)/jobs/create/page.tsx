import type { Metadata } from 'next';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { DEFAULT_PAGE_SIZE, tableQueryOf } from '../../../_ui/table-query.ts';
import { SERVERS_SORT } from '../sort.ts';
import { CreateJobsScreen } from './create-jobs-screen.tsx';

export const metadata: Metadata = { title: 'Create replication job' };

export default function CreateJobsPage(props: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const query = tableQueryOf(props.searchParams, { pageSize: DEFAULT_PAGE_SIZE, sort: SERVERS_SORT });
  return (
    <Prefetch queries={async (trpc) => [trpc.servers.list.queryOptions(await query)]}>
      <CreateJobsScreen />
    </Prefetch>
  );
}
