import type { Metadata } from 'next';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { ServerScreen } from './server-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const server = await existing(caller().servers.get({ serverId: (await params).id }));
  return { title: server?.name ?? 'Server' };
}

export default async function ServerPage({ params }: Props) {
  const { id } = await params;
  return (
    <Prefetch queries={(trpc) => [trpc.servers.get.queryOptions({ serverId: id })]}>
      <ServerScreen serverId={id} />
    </Prefetch>
  );
}
