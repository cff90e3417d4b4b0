import type { Metadata } from 'next';
import { memberTableQuery, type SearchParameters } from '../../_shell/member-table-query.ts';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { ActivityScreen } from './activity-screen.tsx';
import { ACTIVITY_SORT } from './sort.ts';

export const metadata: Metadata = { title: 'Activity' };

export default async function ActivityPage({ searchParams }: { searchParams: SearchParameters }) {
  const query = await memberTableQuery(searchParams, 'table.activity', ACTIVITY_SORT);
  return (
    <Prefetch queries={(trpc) => [trpc.activity.list.queryOptions(query)]}>
      <ActivityScreen />
    </Prefetch>
  );
}
