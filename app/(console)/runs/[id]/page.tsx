import type { Metadata } from 'next';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { RunScreen } from './run-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const run = await existing(caller().runs.get({ runId: (await params).id }));
  return { title: run ? `Run of ${run.serverName}` : 'Run' };
}

export default async function RunPage({ params }: Props) {
  const { id } = await params;
  return (
    <Prefetch queries={(trpc) => [trpc.runs.get.queryOptions({ runId: id })]}>
      <RunScreen runId={id} />
    </Prefetch>
  );
}
