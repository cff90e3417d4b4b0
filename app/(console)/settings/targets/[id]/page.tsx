import type { Metadata } from 'next';
import { cache } from 'react';
import { caller } from '../../../../../server/api/caller.ts';
import { existing } from '../../../../_shell/found.ts';
import { Prefetch } from '../../../../_shell/prefetch.tsx';
import { TargetScreen } from './target-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

/** Queried once for title and page. */
const find = cache((id: string) => existing(caller().targets.get({ targetId: id })));

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const target = await find((await params).id);
  return { title: target?.name ?? 'AWS target' };
}

export default async function TargetPage({ params }: Props) {
  const { id } = await params;
  // Here too: the title is streamed after the page has begun, too late for a 404.
  await find(id);
  return (
    <Prefetch
      queries={(trpc) => [
        trpc.targets.get.queryOptions({ targetId: id }),
        trpc.targets.usage.queryOptions({ targetId: id }),
        trpc.targets.lastTest.queryOptions({ targetId: id }),
      ]}
    >
      <TargetScreen targetId={id} />
    </Prefetch>
  );
}
