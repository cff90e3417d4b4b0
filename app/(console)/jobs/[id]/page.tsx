import type { Metadata } from 'next';
import { cache } from 'react';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { JobScreen } from './job-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

/** Queried once for title and page. */
const find = cache((id: string) => existing(caller().jobs.get({ jobId: id })));

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const job = await find((await params).id);
  return { title: job ? `Replication job ${job.serverName}` : 'Replication job' };
}

export default async function JobPage({ params }: Props) {
  const { id } = await params;
  // Here too: the title is streamed after the page has begun, too late for a 404.
  await find(id);
  return (
    <Prefetch queries={(trpc) => [trpc.jobs.get.queryOptions({ jobId: id })]}>
      <JobScreen jobId={id} />
    </Prefetch>
  );
}
