import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../_shell/list-page.tsx';
import { CutoversScreen } from './cutovers-screen.tsx';

export const metadata: Metadata = { title: 'Cutovers' };

export default function CutoversPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="cutovers" searchParams={searchParams}>
      <CutoversScreen />
    </ListPage>
  );
}
