import type { Metadata } from 'next';
import { cache } from 'react';
import { caller } from '../../../../../server/api/caller.ts';
import { existing } from '../../../../_shell/found.ts';
import { Prefetch } from '../../../../_shell/prefetch.tsx';
import { EvidenceScreen } from './evidence-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

const find = cache((id: string) => existing(caller().cutovers.evidence({ cutoverId: id })));

/** The title is the name of the file that a browser prints into. */
export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const evidence = await find((await params).id);
  return { title: evidence ? `Evidence of the cutover of ${evidence.cutover.server}` : 'Evidence' };
}

export default async function EvidencePage({ params }: Props) {
  const { id } = await params;
  await find(id);
  return (
    <Prefetch queries={(trpc) => [trpc.cutovers.evidence.queryOptions({ cutoverId: id })]}>
      <EvidenceScreen cutoverId={id} />
    </Prefetch>
  );
}
