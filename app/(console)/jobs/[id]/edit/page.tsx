import type { Metadata } from 'next';
import { caller } from '../../../../../server/api/caller.ts';
import { existing } from '../../../../_shell/found.ts';
import { Prefetch } from '../../../../_shell/prefetch.tsx';
import { EditJobScreen } from './edit-job-screen.tsx';

export const metadata: Metadata = { title: 'Edit replication job' };

export default async function EditJobPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  await existing(caller().jobs.get({ jobId: id }));
  return (
    <Prefetch queries={(trpc) => [trpc.jobs.get.queryOptions({ jobId: id })]}>
      <EditJobScreen jobId={id} />
    </Prefetch>
  );
}
