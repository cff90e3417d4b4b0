'use client';
// Every replication run of the workspace, newest first, live.
import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import { useMay } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useListTable } from '../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import { QuickFilter } from './quick-filter.tsx';
import { RUN_COLUMNS } from './run-columns.tsx';
import type { ListedRun } from './types.ts';
import { ConfirmCancelRuns } from './use-run-actions.tsx';

const isOpen = ({ status }: ListedRun) =>
  (status.state === 'pending' || status.state === 'active') && !status.cancelling;

export function RunsScreen() {
  const mayCancel = useMay('run.cancel');
  const runs = useListTable('runs');
  const [cancelling, setCancelling] = useState<readonly ListedRun[] | null>(null);
  const selected = (runs.data?.items ?? []).filter((run) => runs.state.selectedIds.includes(run.id) && isOpen(run));
  usePageShell({ breadcrumbs: [{ text: 'Runs', href: '/runs' }] });

  return (
    <>
      {cancelling && <ConfirmCancelRuns runs={cancelling} onDone={() => setCancelling(null)} />}
      <ResourceTable
        noun={{ one: 'run', many: 'runs' }}
        title="Runs"
        columns={RUN_COLUMNS}
        {...runs}
        rowId={(run) => run.id}
        rowName={(run) => `${run.id} of ${run.serverName}`}
        {...(mayCancel ? { selection: 'multi' as const } : {})}
        actions={
          <>
            <QuickFilter state={runs.state} />
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
