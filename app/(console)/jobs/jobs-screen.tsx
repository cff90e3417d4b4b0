'use client';
// The list of replication jobs, live, with a panel for what is selected.
import Button from '@cloudscape-design/components/button';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { shownFault } from '../../_shell/faults.ts';
import { Can, usePreference } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import type { TablePreferences } from '../../_ui/table-columns.ts';
import { useTableState } from '../../_ui/table-state.ts';
import { JobActions } from './job-actions.tsx';
import { JOB_COLUMNS } from './job-columns.tsx';
import { JobPanel } from './job-panel.tsx';
import { JOBS_SORT } from './sort.ts';
import type { Job } from './types.ts';

export function JobsScreen() {
  const trpc = useTRPC();
  const [preferences, setPreferences] = usePreference<TablePreferences>('table.jobs', {});
  const state = useTableState({ defaultSort: JOBS_SORT, pageSize: preferences.pageSize });
  const jobs = useQuery(trpc.jobs.list.queryOptions(state.query, { placeholderData: keepPreviousData }));
  const selected = useSelectedJobs(state.selectedIds, jobs.data?.items);
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
      state={state}
      data={jobs.data}
      fault={jobs.error && shownFault(jobs.error)}
      onRetry={() => jobs.refetch()}
      rowId={(job) => job.id}
      rowName={(job) => job.serverName}
      selection="multi"
      preferences={preferences}
      onPreferences={setPreferences}
      actions={
        <>
          <JobActions
            jobs={selected}
            onDeleted={(deleted) => state.setSelected(state.selectedIds.filter((id) => !deleted.includes(id)))}
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

/** The selected jobs as they are now; those that are not on this page of the table are asked for one by one. */
function useSelectedJobs(ids: readonly string[], onPage: readonly Job[] | undefined): Job[] {
  const trpc = useTRPC();
  const here = new Map(onPage?.map((job) => [job.id, job]));
  const elsewhere = onPage ? ids.filter((id) => !here.has(id)) : [];
  const others = useQueries({
    queries: elsewhere.map((jobId) => trpc.jobs.get.queryOptions({ jobId }, { retry: false })),
  });
  const known = new Map(others.flatMap(({ data }) => (data && !data.deletedAt ? [[data.id, data] as const] : [])));
  return ids.flatMap((id): Job[] => {
    const job = here.get(id) ?? known.get(id);
    return job ? [job] : [];
  });
}
