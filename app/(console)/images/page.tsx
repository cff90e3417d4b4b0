import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../_shell/list-page.tsx';
import { ImagesScreen } from './images-screen.tsx';

export const metadata: Metadata = { title: 'AMIs' };

export default function ImagesPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="images" searchParams={searchParams}>
      <ImagesScreen />
    </ListPage>
  );
}
