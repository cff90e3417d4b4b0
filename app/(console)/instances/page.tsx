import type { Metadata } from 'next';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { DEFAULT_PAGE_SIZE, tableQueryOf } from '../../_ui/table-query.ts';
import { InstancesScreen } from './instances-screen.tsx';
import { INSTANCES_SORT } from './sort.ts';

export const metadata: Metadata = { title: 'Instances' };

interface InstancesPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function InstancesPage({ searchParams }: InstancesPageProps) {
  const query = await tableQueryOf(searchParams, { pageSize: DEFAULT_PAGE_SIZE, sort: INSTANCES_SORT });
  return (
    <Prefetch queries={(trpc) => [trpc.instances.list.queryOptions(query)]}>
      <InstancesScreen />
    </Prefetch>
  );
}
