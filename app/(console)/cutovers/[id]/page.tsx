import type { Metadata } from 'next';
import { cache } from 'react';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { CutoverScreen } from './cutover-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

/** Queried once for title and page. */
const find = cache((id: string) => existing(caller().cutovers.get({ cutoverId: id })));

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const cutover = await find((await params).id);
  return { title: cutover ? `Cutover of ${cutover.serverName}` : 'Cutover' };
}

export default async function CutoverPage({ params }: Props) {
  const { id } = await params;
  // Here too: the title is streamed after the page has begun, too late for a 404.
  await find(id);
  return (
    <Prefetch queries={(trpc) => [trpc.cutovers.get.queryOptions({ cutoverId: id })]}>
      <CutoverScreen cutoverId={id} />
    </Prefetch>
  );
}
