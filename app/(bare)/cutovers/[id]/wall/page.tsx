import type { Metadata } from 'next';
import { caller } from '../../../../../server/api/caller.ts';
import { existing } from '../../../../_shell/found.ts';
import { Prefetch } from '../../../../_shell/prefetch.tsx';
import { WallScreen } from './wall-screen.tsx';

export const metadata: Metadata = { title: 'Cutover, wall view' };

export default async function WallPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  await existing(caller().cutovers.get({ cutoverId: id }));
  return (
    <Prefetch queries={(trpc) => [trpc.cutovers.get.queryOptions({ cutoverId: id })]}>
      <WallScreen cutoverId={id} />
    </Prefetch>
  );
}
