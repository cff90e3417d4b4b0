'use client';
// The server catalog: import it, look at what stands in the way of each server, choose what to replicate.
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Can } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { useListTable } from '../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import { ClearCatalog, ImportCatalog } from './catalog-actions.tsx';
import { CatalogFaults, CatalogLine } from './catalog-state.tsx';
import { COLUMNS } from './columns.tsx';
import { CreateJob, useSelection } from './create-job.tsx';
import { SelectionPanel, ServerPanel } from './server-panel.tsx';
import type { Catalog } from './types.ts';

export function ServersScreen() {
  const servers = useListTable('servers');
  const trpc = useTRPC();
  const catalog = useQuery(trpc.servers.catalog.queryOptions());
  const { selectedIds } = servers.state;
  const selection = useSelection(selectedIds);
  const [first] = selectedIds;
  usePageShell({
    splitPanel:
      first === undefined ? null : selectedIds.length === 1 ? (
        <ServerPanel serverId={first} name={servers.data?.items.find((server) => server.id === first)?.name} />
      ) : (
        <SelectionPanel selection={selection} count={selectedIds.length} />
      ),
  });
  return (
    <SpaceBetween size="m">
      <CatalogFaults catalog={catalog.data} />
      <ResourceTable
        noun={{ one: 'server', many: 'servers' }}
        title="Servers"
        description={<CatalogLine catalog={catalog.data} />}
        columns={COLUMNS}
        {...servers}
        rowId={(server) => server.id}
        rowName={(server) => server.name}
        selection="multi"
        actions={
          <>
            <ClearCatalog catalog={catalog.data} />
            <ImportCatalog catalog={catalog.data} primary={catalog.data?.servers === 0} />
            <CreateJob selection={selection} />
          </>
        }
        empty={<NoServers catalog={catalog.data} />}
      />
    </SpaceBetween>
  );
}

function NoServers({ catalog }: { catalog: Catalog | undefined }) {
  let title = 'No servers yet';
  let text: ReactNode = 'Import the server catalog, with the button above, to see what your VM manager holds.';
  let action: ReactNode = null;
  if (catalog?.sources.length === 0) {
    text = 'Servers are found by a connector, which runs beside your VM manager. Add one first.';
    action = (
      <Can permission="connector.enrol">
        <Button variant="primary" href="/connectors/enrol">
          Add connector
        </Button>
      </Can>
    );
  } else if (catalog?.state === 'importing') {
    title = 'The import is still running';
    text = 'Servers appear here as the connector finds them.';
  } else if (catalog?.state === 'available') {
    text = 'The import found no server. Check in the VM manager what the account of the connector may see.';
  }
  return (
    <EmptyTeaching title={title} action={action}>
      {text}
    </EmptyTeaching>
  );
}
