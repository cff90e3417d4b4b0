import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../_shell/list-page.tsx';
import { InstancesScreen } from './instances-screen.tsx';

export const metadata: Metadata = { title: 'Instances' };

export default function InstancesPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="instances" searchParams={searchParams}>
      <InstancesScreen />
    </ListPage>
  );
}
