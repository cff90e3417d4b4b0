'use client';
// Planning the cutover of one job. If one is open already, it leads there.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { isDeleting } from '../../../../replication/model/job.ts';
import { useMay } from '../../../_shell/member.tsx';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { QueryPage } from '../../../_shell/query-page.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { Page } from '../../../_ui/page.tsx';
import { PlanForm } from './plan-form.tsx';

export function PlanScreen({ jobId }: { jobId: string }) {
  const trpc = useTRPC();
  const router = useRouter();
  const may = useMay('cutover.plan');
  const query = useQuery(trpc.jobs.get.queryOptions({ jobId }));
  const name = query.data?.serverName ?? jobId;
  // The next page opens the new cutover itself; this one must not get there first.
  const [planned, setPlanned] = useState(false);
  const cutover = query.data?.cutover;
  const open = cutover && !cutover.over && !planned ? cutover.id : null;
  useEffect(() => {
    if (open) router.replace(`/cutovers/${open}`);
  }, [open, router]);
  usePageShell({
    breadcrumbs: [
      { text: 'Cutovers', href: '/cutovers' },
      { text: `Plan cutover of ${name}`, href: `/cutovers/create?job=${jobId}` },
    ],
  });
  return (
    <QueryPage title={`Plan cutover of ${name}`} query={query} list={{ text: 'Replication jobs', href: '/jobs' }}>
      {(job) => {
        const why = !may
          ? 'Your role may look at cutovers but not plan them. Ask an administrator for the role cutover manager.'
          : isDeleting(job.state)
            ? 'The replication job is being deleted or has been deleted.'
            : null;
        return (
          <Page
            title={`Plan cutover of ${job.serverName}`}
            description="From the server at its source to an instance, step by step, with a way back until you finish."
          >
            {open && (
              <Alert
                type="info"
                statusIconAriaLabel="Info"
                action={<Button href={`/cutovers/${open}`}>View cutover</Button>}
              >
                {job.serverName} has an open cutover.
              </Alert>
            )}
            {why && (
              <Alert
                type="info"
                statusIconAriaLabel="Info"
                header="This cutover cannot be planned"
                action={<Button href={`/jobs/${job.id}`}>View replication job</Button>}
              >
                {why}
              </Alert>
            )}
            {!why && !open && (
              <PlanForm jobId={job.id} serverName={job.serverName} onPlanned={() => setPlanned(true)} />
            )}
          </Page>
        );
      }}
    </QueryPage>
  );
}
