'use client';
// The panel below the table: one server in full, or a summary of several selected ones.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import SplitPanel from '@cloudscape-design/components/split-panel';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { shownFault } from '../../_shell/faults.ts';
import { useTRPC } from '../../_shell/trpc.ts';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { formatBytes, formatNumberOf } from '../../_ui/quantity.ts';
import type { Selection } from './create-job.tsx';
import { ServerTabs } from './server-tabs.tsx';
import type { Candidate } from './types.ts';

export function ServerPanel({ serverId, name }: { serverId: string; name: string | undefined }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(
    trpc.servers.get.queryOptions({ serverId }, { placeholderData: keepPreviousData }),
  );
  const server = data?.id === serverId ? data : undefined;
  return (
    <SplitPanel header={server?.name ?? name ?? serverId} closeBehavior="collapse">
      {server ? (
        <ServerTabs server={server} />
      ) : error ? (
        <FaultCard fault={shownFault(error)} action={<Button onClick={() => refetch()}>Try again</Button>} />
      ) : (
        <StatusIndicator type="loading">Loading the server</StatusIndicator>
      )}
    </SplitPanel>
  );
}

export function SelectionPanel({ selection, count }: { selection: Selection | undefined; count: number }) {
  return (
    <SplitPanel header={`${formatNumberOf(count, 'server')} selected`} closeBehavior="collapse">
      {selection ? (
        <SpaceBetween size="m">
          {selection.refused.length > 0 && (
            <Alert type="warning" statusIconAriaLabel="Warning">
              {staysBehind(selection)}
            </Alert>
          )}
          <Candidates items={[...selection.refused, ...selection.able]} />
        </SpaceBetween>
      ) : (
        <StatusIndicator type="loading">Loading the selected servers</StatusIndicator>
      )}
    </SplitPanel>
  );
}

function staysBehind({ able, refused }: Selection): string {
  if (able.length === 0) return 'A replication job can be created for none of them.';
  const others = able.length === 1 ? 'the other one' : `the other ${formatNumberOf(able.length, 'server')}`;
  return `${formatNumberOf(refused.length, 'server stays', 'servers stay')} behind; a replication job can be created for ${others}.`;
}

function Candidates({ items }: { items: readonly Candidate[] }) {
  return (
    <AdaptiveTable
      variant="embedded"
      trackBy="id"
      items={items}
      wrapLines
      ariaLabels={{ tableLabel: 'Selected servers' }}
      columnDefinitions={[
        {
          id: 'name',
          header: 'Name',
          cell: (one) => <Link href={`/servers/${one.id}`}>{one.name}</Link>,
          isRowHeader: true,
          minWidth: 140,
        },
        { id: 'guest', header: 'Guest system', cell: (one) => one.guestName, minWidth: 150 },
        {
          id: 'disks',
          header: 'Disks',
          cell: (one) => `${formatNumberOf(one.diskCount, 'disk')}, ${formatBytes(one.diskBytes)}`,
          minWidth: 150,
        },
        {
          id: 'job',
          header: 'Replication job',
          cell: (one) =>
            one.refused ? (
              <>
                <StatusIndicator type={one.jobId ? 'stopped' : 'error'}>Cannot be created</StatusIndicator>
                <div>
                  {one.refused} {one.jobId && <Link href={`/jobs/${one.jobId}`}>View replication job</Link>}
                </div>
              </>
            ) : (
              <StatusIndicator type="success">Can be created</StatusIndicator>
            ),
        },
      ]}
      empty={<Box textAlign="center">Nothing is selected.</Box>}
    />
  );
}
