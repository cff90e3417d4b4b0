import type { Metadata } from 'next';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { JobScreen } from './job-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const job = await existing(caller().jobs.get({ jobId: (await params).id }));
  return { title: job ? `Replication job ${job.serverName}` : 'Replication job' };
}

export default async function JobPage({ params }: Props) {
  const { id } = await params;
  return (
    <Prefetch queries={(trpc) => [trpc.jobs.get.queryOptions({ jobId: id })]}>
      <JobScreen jobId={id} />
    </Prefetch>
  );
}
