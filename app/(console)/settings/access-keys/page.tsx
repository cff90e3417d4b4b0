import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../../_shell/list-page.tsx';
import { AccessKeysScreen } from './access-keys-screen.tsx';

export const metadata: Metadata = { title: 'Access keys' };

export default function AccessKeysPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="accessKeys" searchParams={searchParams}>
      <AccessKeysScreen />
    </ListPage>
  );
}
