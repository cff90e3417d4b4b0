import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../_shell/list-page.tsx';
import { ConnectorsScreen } from './connectors-screen.tsx';

export const metadata: Metadata = { title: 'Connectors' };

export default function ConnectorsPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="connectors" searchParams={searchParams}>
      <ConnectorsScreen />
    </ListPage>
  );
}
