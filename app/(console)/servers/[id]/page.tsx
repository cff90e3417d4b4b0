import type { Metadata } from 'next';
import { cache } from 'react';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { ServerScreen } from './server-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

/** Queried once for title and page. */
const find = cache((id: string) => existing(caller().servers.get({ serverId: id })));

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const server = await find((await params).id);
  return { title: server?.name ?? 'Server' };
}

export default async function ServerPage({ params }: Props) {
  const { id } = await params;
  // Here too: the title is streamed after the page has begun, too late for a 404.
  await find(id);
  return (
    <Prefetch queries={(trpc) => [trpc.servers.get.queryOptions({ serverId: id })]}>
      <ServerScreen serverId={id} />
    </Prefetch>
  );
}
