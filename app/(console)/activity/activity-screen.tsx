'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { shownFault } from '../../_shell/faults.ts';
import { usePreference } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import type { TablePreferences } from '../../_ui/table-columns.ts';
import { useTableState } from '../../_ui/table-state.ts';
import { ActivityPanel } from './activity-panel.tsx';
import { COLUMNS } from './columns.tsx';
import { ACTIVITY_SORT } from './sort.ts';

export function ActivityScreen() {
  const trpc = useTRPC();
  const [preferences, setPreferences] = usePreference<TablePreferences>('table.activity', {});
  const state = useTableState({ defaultSort: ACTIVITY_SORT, pageSize: preferences.pageSize });
  const activity = useQuery(trpc.activity.list.queryOptions(state.query, { placeholderData: keepPreviousData }));
  const selected = activity.data?.items.find((entry) => String(entry.id) === state.selectedIds[0]);
  usePageShell({ splitPanel: selected && <ActivityPanel entry={selected} /> });
  return (
    <ResourceTable
      noun={{ one: 'entry', many: 'entries' }}
      title="Activity"
      description="Who did what, when and from where."
      columns={COLUMNS}
      state={state}
      data={activity.data}
      fault={activity.error && shownFault(activity.error)}
      onRetry={() => void activity.refetch()}
      rowId={(entry) => String(entry.id)}
      rowName={(entry) => `entry ${entry.id}`}
      selection="single"
      preferences={preferences}
      onPreferences={setPreferences}
      empty={
        <EmptyTeaching title="Nothing has been done yet">
          Every change that a member, a connector or Landfall itself makes is listed here.
        </EmptyTeaching>
      }
    />
  );
}
