import type { Metadata } from 'next';
import { memberTableQuery, type SearchParameters } from '../../_shell/member-table-query.ts';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { RunsScreen } from './runs-screen.tsx';
import { RUNS_SORT } from './sort.ts';

export const metadata: Metadata = { title: 'Runs' };

export default async function RunsPage({ searchParams }: { searchParams: SearchParameters }) {
  const query = await memberTableQuery(searchParams, 'table.runs', RUNS_SORT);
  return (
    <Prefetch queries={(trpc) => [trpc.runs.list.queryOptions(query)]}>
      <RunsScreen />
    </Prefetch>
  );
}
