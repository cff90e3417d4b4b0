import type { Metadata } from 'next';
import { cache } from 'react';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { RunScreen } from './run-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

/** Queried once for title and page. */
const find = cache((id: string) => existing(caller().runs.get({ runId: id })));

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const run = await find((await params).id);
  return { title: run ? `Run of ${run.serverName}` : 'Run' };
}

export default async function RunPage({ params }: Props) {
  const { id } = await params;
  // Here too: the title is streamed after the page has begun, too late for a 404.
  await find(id);
  return (
    <Prefetch queries={(trpc) => [trpc.runs.get.queryOptions({ runId: id })]}>
      <RunScreen runId={id} />
    </Prefetch>
  );
}
