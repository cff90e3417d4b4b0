import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { PlanScreen } from './plan-screen.tsx';

export const metadata: Metadata = { title: 'Plan cutover' };

export default async function PlanCutoverPage(props: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { job } = await props.searchParams;
  if (typeof job !== 'string' || !job) notFound();
  await existing(caller().jobs.get({ jobId: job }));
  return (
    <Prefetch
      queries={(trpc) => [
        trpc.jobs.get.queryOptions({ jobId: job }),
        trpc.cutovers.readiness.queryOptions({ jobId: job, touchSource: true }),
      ]}
    >
      <PlanScreen jobId={job} />
    </Prefetch>
  );
}
