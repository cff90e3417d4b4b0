'use client';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useListTable } from '../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import { ActivityPanel } from './activity-panel.tsx';
import { COLUMNS } from './columns.tsx';
import { ExportMenu } from './export-menu.tsx';

export function ActivityScreen() {
  const activity = useListTable('activity');
  const selected = activity.data?.items.find((entry) => String(entry.id) === activity.state.selectedIds[0]);
  usePageShell({ splitPanel: selected && <ActivityPanel entry={selected} /> });
  return (
    <ResourceTable
      noun={{ one: 'entry', many: 'entries' }}
      title="Activity"
      description="Who did what, when and from where."
      actions={<ExportMenu query={activity.state.query} disabled={activity.data?.items.length === 0} />}
      columns={COLUMNS}
      {...activity}
      rowId={(entry) => String(entry.id)}
      rowName={(entry) => `entry ${entry.id}`}
      selection="single"
      empty={
        <EmptyTeaching title="No activity yet">
          Every change that a member, a connector or Landfall itself makes is listed here.
        </EmptyTeaching>
      }
    />
  );
}
