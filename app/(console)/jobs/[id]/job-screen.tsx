'use client';
// One replication job on a page of its own.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { useQuery } from '@tanstack/react-query';
import { isDeleting } from '../../../../replication/model/job.ts';
import { frequencyText } from '../../../_forms/setting-labels.ts';
import { shownFault } from '../../../_shell/faults.ts';
import { Can } from '../../../_shell/member.tsx';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { LoadingBody } from '../../../_ui/loading-body.tsx';
import { Page } from '../../../_ui/page.tsx';
import { Time } from '../../../_ui/time.tsx';
import { CutoverStatus, planHref } from '../../cutovers/cutover-status.tsx';
import { CopyHistory } from '../copy-history.tsx';
import { JobActions } from '../job-actions.tsx';
import { JobTabs } from '../job-tabs.tsx';

export function JobScreen({ jobId }: { jobId: string }) {
  const trpc = useTRPC();
  const { data: job, error, refetch } = useQuery(trpc.jobs.get.queryOptions({ jobId }));
  const name = job?.serverName ?? jobId;
  usePageShell({
    breadcrumbs: [
      { text: 'Replication jobs', href: '/jobs' },
      { text: name, href: `/jobs/${jobId}` },
    ],
  });
  return (
    <Page
      title={name}
      description={job && `Replication job, ${frequencyText(job.everyHours).toLowerCase()}`}
      actions={
        job &&
        !job.deletedAt && (
          <>
            <JobActions jobs={[job]} />
            {!isDeleting(job.state) && (!job.cutover || job.cutover.over) && (
              <Can permission="cutover.plan">
                <Button href={planHref(job.id)}>Cut over</Button>
              </Can>
            )}
          </>
        )
      }
    >
      {error && !job && (
        <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />
      )}
      {!job && !error && <LoadingBody label="Loading replication job" />}
      {job?.deletedAt && (
        <Alert type="info" statusIconAriaLabel="Info" header="This replication job was deleted">
          Deleted <Time at={job.deletedAt} />. Its AMIs were kept; its run history stays here.
        </Alert>
      )}
      {job?.cutover && !job.cutover.over && (
        <Alert
          type={job.cutover.question ? 'warning' : 'info'}
          statusIconAriaLabel={job.cutover.question ? 'Warning' : 'Info'}
          header={job.cutover.state === 'planned' ? 'A cutover is planned' : 'A cutover is under way'}
          action={<Button href={`/cutovers/${job.cutover.id}`}>View cutover</Button>}
        >
          <CutoverStatus cutover={job.cutover} />
        </Alert>
      )}
      {job && <JobTabs job={job} container />}
      {job && <CopyHistory jobId={job.id} serverName={job.serverName} />}
    </Page>
  );
}
