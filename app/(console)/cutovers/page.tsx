import type { Metadata } from 'next';
import { memberTableQuery, type SearchParameters } from '../../_shell/member-table-query.ts';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { CutoversScreen } from './cutovers-screen.tsx';
import { CUTOVERS_SORT } from './sort.ts';

export const metadata: Metadata = { title: 'Cutovers' };

export default async function CutoversPage({ searchParams }: { searchParams: SearchParameters }) {
  const query = await memberTableQuery(searchParams, 'table.cutovers', CUTOVERS_SORT);
  return (
    <Prefetch queries={(trpc) => [trpc.cutovers.list.queryOptions(query)]}>
      <CutoversScreen />
    </Prefetch>
  );
}
