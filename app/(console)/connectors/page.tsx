import type { Metadata } from 'next';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { DEFAULT_PAGE_SIZE, tableQueryOf } from '../../_ui/table-query.ts';
import { CONNECTORS_SORT } from './connector-words.ts';
import { ConnectorsScreen } from './connectors-screen.tsx';

export const metadata: Metadata = { title: 'Connectors' };

export default function ConnectorsPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const query = tableQueryOf(searchParams, { pageSize: DEFAULT_PAGE_SIZE, sort: CONNECTORS_SORT });
  return (
    <Prefetch queries={async (trpc) => [trpc.connectors.list.queryOptions(await query)]}>
      <ConnectorsScreen />
    </Prefetch>
  );
}
