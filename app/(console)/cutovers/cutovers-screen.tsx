'use client';
// Every cutover of the workspace, newest first, live.
import Button from '@cloudscape-design/components/button';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { shownFault } from '../../_shell/faults.ts';
import { usePreference } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import type { TablePreferences } from '../../_ui/table-columns.ts';
import { useTableState } from '../../_ui/table-state.ts';
import { COLUMNS } from './columns.tsx';
import { CUTOVERS_SORT } from './sort.ts';

export function CutoversScreen() {
  const trpc = useTRPC();
  const [preferences, setPreferences] = usePreference<TablePreferences>('table.cutovers', {});
  const state = useTableState({ defaultSort: CUTOVERS_SORT, pageSize: preferences.pageSize });
  const cutovers = useQuery(trpc.cutovers.list.queryOptions(state.query, { placeholderData: keepPreviousData }));
  usePageShell({ breadcrumbs: [{ text: 'Cutovers', href: '/cutovers' }] });
  return (
    <ResourceTable
      noun={{ one: 'cutover', many: 'cutovers' }}
      title="Cutovers"
      description="Each takes one server from its source to an instance, step by step, with a way back until it is finished."
      columns={COLUMNS}
      state={state}
      data={cutovers.data}
      fault={cutovers.error && shownFault(cutovers.error)}
      onRetry={() => cutovers.refetch()}
      rowId={(cutover) => cutover.id}
      rowName={(cutover) => `${cutover.serverName}, ${cutover.id}`}
      preferences={preferences}
      onPreferences={setPreferences}
      empty={
        <EmptyTeaching title="No cutovers" action={<Button href="/jobs">View replication jobs</Button>}>
          A cutover shuts a replicated server down, copies what changed last, launches the instance, checks it and waits
          until you say that it has taken over. Select a replication job and choose Cut over; nothing happens to the
          server before you start it.
        </EmptyTeaching>
      }
    />
  );
}
