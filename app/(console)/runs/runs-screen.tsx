'use client';
// Every replication run of the workspace, newest first, live.
import Button from '@cloudscape-design/components/button';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { useMay, usePreference } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import type { TablePreferences } from '../../_ui/table-columns.ts';
import { useTableState } from '../../_ui/table-state.ts';
import { QuickFilter } from './quick-filter.tsx';
import { RUN_COLUMNS } from './run-columns.tsx';
import { RUNS_SORT } from './sort.ts';
import type { ListedRun } from './types.ts';
import { ConfirmCancelRuns } from './use-run-actions.tsx';

const isOpen = ({ status }: ListedRun) =>
  (status.state === 'pending' || status.state === 'active') && !status.cancelling;

export function RunsScreen() {
  const trpc = useTRPC();
  const mayCancel = useMay('run.cancel');
  const [preferences, setPreferences] = usePreference<TablePreferences>('table.runs', {});
  const state = useTableState({ defaultSort: RUNS_SORT, pageSize: preferences.pageSize });
  const runs = useQuery(trpc.runs.list.queryOptions(state.query, { placeholderData: keepPreviousData }));
  const [cancelling, setCancelling] = useState<readonly ListedRun[] | null>(null);
  const selected = (runs.data?.items ?? []).filter((run) => state.selectedIds.includes(run.id) && isOpen(run));
  usePageShell({ breadcrumbs: [{ text: 'Runs', href: '/runs' }] });

  return (
    <>
      {cancelling && <ConfirmCancelRuns runs={cancelling} onDone={() => setCancelling(null)} />}
      <ResourceTable
        noun={{ one: 'run', many: 'runs' }}
        title="Runs"
        columns={RUN_COLUMNS}
        state={state}
        data={runs.data}
        fault={runs.error && shownFault(runs.error)}
        onRetry={() => runs.refetch()}
        rowId={(run) => run.id}
        rowName={(run) => `${run.id} of ${run.serverName}`}
        {...(mayCancel ? { selection: 'multi' as const } : {})}
        preferences={preferences}
        onPreferences={setPreferences}
        actions={
          <>
            <QuickFilter state={state} />
            {mayCancel && (
              <Button
                disabled={selected.length === 0}
                disabledReason="Select a run that is pending or active."
                onClick={() => setCancelling(selected)}
              >
                {selected.length > 1 ? `Cancel ${selected.length} runs` : 'Cancel run'}
              </Button>
            )}
          </>
        }
        empty={
          <EmptyTeaching title="No runs" action={<Button href="/jobs">View replication jobs</Button>}>
            A run copies one server into AWS once and yields an AMI. Replication jobs start runs by themselves; you can
            start one at any time.
          </EmptyTeaching>
        }
      />
    </>
  );
}
