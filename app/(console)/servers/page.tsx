import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../_shell/list-page.tsx';
import { ServersScreen } from './servers-screen.tsx';

export const metadata: Metadata = { title: 'Servers' };

export default function ServersPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="servers" searchParams={searchParams} also={(trpc) => [trpc.servers.catalog.queryOptions()]}>
      <ServersScreen />
    </ListPage>
  );
}
