'use client';
// The list of replication jobs, live, with a panel for what is selected.
import Button from '@cloudscape-design/components/button';
import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { Can } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { useListTable } from '../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import { JobActions } from './job-actions.tsx';
import { JOB_COLUMNS } from './job-columns.tsx';
import { JobPanel } from './job-panel.tsx';
import type { Job } from './types.ts';

export function JobsScreen() {
  const jobs = useListTable('jobs');
  const selected = useSelectedJobs(jobs.state.selectedIds, jobs.data?.items);
  usePageShell({ splitPanel: selected.length > 0 && <JobPanel jobs={selected} /> });

  const create = (
    <Can permission="job.create">
      <Button variant="primary" href="/jobs/create">
        Create replication job
      </Button>
    </Can>
  );
  return (
    <ResourceTable
      noun={{ one: 'replication job', many: 'replication jobs' }}
      title="Replication jobs"
      columns={JOB_COLUMNS}
      {...jobs}
      rowId={(job) => job.id}
      rowName={(job) => job.serverName}
      selection="multi"
      actions={
        <>
          <JobActions
            jobs={selected}
            onDeleted={(deleted) =>
              jobs.state.setSelected(jobs.state.selectedIds.filter((id) => !deleted.includes(id)))
            }
          />
          {create}
        </>
      }
      empty={
        <EmptyTeaching title="No replication jobs" action={create}>
          A replication job copies one server into AWS, once or every few hours. Each of its runs yields an AMI from
          which you can launch an instance. Choose servers, and the first run can start at once.
        </EmptyTeaching>
      }
    />
  );
}

/** As many as an address has room for. */
const ASKED_AT_ONCE = 200;

/** The selected jobs as they are now; those that are not on this page of the table are asked for together. */
function useSelectedJobs(ids: readonly string[], onPage: readonly Job[] | undefined): Job[] {
  const trpc = useTRPC();
  const here = new Map(onPage?.map((job) => [job.id, job]));
  const elsewhere = onPage ? ids.filter((id) => !here.has(id)) : [];
  const questions = Array.from({ length: Math.ceil(elsewhere.length / ASKED_AT_ONCE) }, (_, at) =>
    elsewhere.slice(at * ASKED_AT_ONCE, (at + 1) * ASKED_AT_ONCE),
  );
  const others = useQueries({
    queries: questions.map((jobIds) =>
      trpc.jobs.some.queryOptions({ jobIds }, { retry: false, placeholderData: keepPreviousData }),
    ),
  });
  const known = new Map(others.flatMap(({ data }) => data?.map((job) => [job.id, job] as const) ?? []));
  return ids.flatMap((id): Job[] => {
    const job = here.get(id) ?? known.get(id);
    return job ? [job] : [];
  });
}
