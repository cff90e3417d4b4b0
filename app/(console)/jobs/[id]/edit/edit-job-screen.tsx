'use client';
// Editing one replication job. A run that is under way keeps what it began with.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { useQuery } from '@tanstack/react-query';
import { isDeleting } from '../../../../../replication/model/job.ts';
import { shownFault } from '../../../../_shell/faults.ts';
import { useMay } from '../../../../_shell/member.tsx';
import { usePageShell } from '../../../../_shell/page-shell.tsx';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { FaultCard } from '../../../../_ui/fault-card.tsx';
import { LoadingBody } from '../../../../_ui/loading-body.tsx';
import { Page } from '../../../../_ui/page.tsx';
import { EditJobForm } from './edit-job-form.tsx';

export function EditJobScreen({ jobId }: { jobId: string }) {
  const trpc = useTRPC();
  const may = useMay('job.edit');
  const { data: job, error, refetch } = useQuery(trpc.jobs.get.queryOptions({ jobId }));
  const name = job?.serverName ?? jobId;
  usePageShell({
    breadcrumbs: [
      { text: 'Replication jobs', href: '/jobs' },
      { text: name, href: `/jobs/${jobId}` },
      { text: 'Edit', href: `/jobs/${jobId}/edit` },
    ],
  });
  const why = !may
    ? 'Your role may look at replication jobs but not edit them. Ask an administrator for another role.'
    : job && isDeleting(job.state)
      ? 'The job is being deleted or has been deleted.'
      : null;
  return (
    <Page title={`Edit replication job ${name}`} description="Changes apply from the next run on.">
      {error && !job && (
        <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />
      )}
      {!job && !error && <LoadingBody label="Loading replication job" />}
      {why && (
        <Alert
          type="info"
          statusIconAriaLabel="Info"
          header="This cannot be edited"
          action={<Button href={`/jobs/${jobId}`}>View replication job</Button>}
        >
          {why}
        </Alert>
      )}
      {job && !why && <EditJobForm job={job} />}
    </Page>
  );
}
