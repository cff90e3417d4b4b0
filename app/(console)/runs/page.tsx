import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../_shell/list-page.tsx';
import { RunsScreen } from './runs-screen.tsx';

export const metadata: Metadata = { title: 'Runs' };

export default function RunsPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="runs" searchParams={searchParams}>
      <RunsScreen />
    </ListPage>
  );
}
