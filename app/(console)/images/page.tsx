import type { Metadata } from 'next';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { DEFAULT_PAGE_SIZE, tableQueryOf } from '../../_ui/table-query.ts';
import { ImagesScreen } from './images-screen.tsx';
import { IMAGES_SORT } from './sort.ts';

export const metadata: Metadata = { title: 'AMIs' };

interface ImagesPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function ImagesPage({ searchParams }: ImagesPageProps) {
  const query = await tableQueryOf(searchParams, { pageSize: DEFAULT_PAGE_SIZE, sort: IMAGES_SORT });
  return (
    <Prefetch queries={(trpc) => [trpc.images.list.queryOptions(query)]}>
      <ImagesScreen />
    </Prefetch>
  );
}
