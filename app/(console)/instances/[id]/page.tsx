import type { Metadata } from 'next';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { InstanceScreen } from './instance-screen.tsx';

export const metadata: Metadata = { title: 'Instance' };

export default async function InstancePage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  await existing(caller().instances.get({ id }));
  return (
    <Prefetch queries={(trpc) => [trpc.instances.get.queryOptions({ id })]}>
      <InstanceScreen id={id} />
    </Prefetch>
  );
}
