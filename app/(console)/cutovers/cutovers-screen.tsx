'use client';
// Every cutover of the workspace, newest first, live.
import Button from '@cloudscape-design/components/button';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useListTable } from '../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import { COLUMNS } from './columns.tsx';

export function CutoversScreen() {
  const cutovers = useListTable('cutovers');
  usePageShell({ breadcrumbs: [{ text: 'Cutovers', href: '/cutovers' }] });
  return (
    <ResourceTable
      noun={{ one: 'cutover', many: 'cutovers' }}
      title="Cutovers"
      description="Each takes one server from its source to an instance, step by step, with a way back until it is finished."
      columns={COLUMNS}
      {...cutovers}
      rowId={(cutover) => cutover.id}
      rowName={(cutover) => `${cutover.serverName}, ${cutover.id}`}
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
