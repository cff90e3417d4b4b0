import type { Metadata } from 'next';
import { caller } from '../../../../../../server/api/caller.ts';
import { existing } from '../../../../../_shell/found.ts';
import { Prefetch } from '../../../../../_shell/prefetch.tsx';
import { EditTargetScreen } from './edit-target-screen.tsx';

export const metadata: Metadata = { title: 'Edit AWS target' };

export default async function EditTargetPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  await existing(caller().targets.get({ targetId: id }));
  return (
    <Prefetch queries={(trpc) => [trpc.targets.get.queryOptions({ targetId: id })]}>
      <EditTargetScreen targetId={id} />
    </Prefetch>
  );
}
