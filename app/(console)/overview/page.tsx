import type { Metadata } from 'next';
import { Prefetch } from '../../_shell/prefetch.tsx';
import { OverviewScreen } from './overview-screen.tsx';

export const metadata: Metadata = { title: 'Overview' };

export default function OverviewPage() {
  return (
    <Prefetch queries={(trpc) => [trpc.overview.get.queryOptions(), trpc.attention.list.queryOptions()]}>
      <OverviewScreen />
    </Prefetch>
  );
}
