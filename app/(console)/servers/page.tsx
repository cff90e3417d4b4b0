import type { Metadata } from 'next';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { DEFAULT_PAGE_SIZE, tableQueryOf } from '../../_ui/table-query.ts';
import { SERVERS_SORT } from './server-words.ts';
import { ServersScreen } from './servers-screen.tsx';

export const metadata: Metadata = { title: 'Servers' };

export default function ServersPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const query = tableQueryOf(searchParams, { pageSize: DEFAULT_PAGE_SIZE, sort: SERVERS_SORT });
  return (
    <Prefetch
      queries={async (trpc) => [trpc.servers.list.queryOptions(await query), trpc.servers.catalog.queryOptions()]}
    >
      <ServersScreen />
    </Prefetch>
  );
}
