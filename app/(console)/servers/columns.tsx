'use client';
// The columns of the server catalog.
import Link from '@cloudscape-design/components/link';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { formatBytes, formatCount, formatMemory, formatNumberOf, orUnknown, UNKNOWN } from '../../_ui/quantity.ts';
import { Reason, StateWithReason, Status } from '../../_ui/status.tsx';
import { statesOf } from '../../_ui/status-kinds.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Time } from '../../_ui/time.tsx';
import { GUEST_FAMILIES } from './server-words.ts';
import type { ListedServer } from './types.ts';

export function Readiness({ server }: { server: ListedServer }) {
  if (server.goneAt) return <StatusIndicator type="stopped">Gone from its VM manager</StatusIndicator>;
  if (server.readiness === 'warnings') {
    return <StatusIndicator type="warning">Ready, {formatNumberOf(server.findings, 'warning')}</StatusIndicator>;
  }
  return <StateWithReason of="readiness" state={server.readiness} reason={server.blockedBy} />;
}

function Replication({ server }: { server: ListedServer }) {
  if (!server.jobId) return <>{UNKNOWN}</>;
  return (
    <>
      <Link href={`/jobs/${server.jobId}`}>
        <Status of="job" state={server.jobState} />
      </Link>
      {server.latestImageAt && (
        <Reason>
          AMI of <Time at={server.latestImageAt} />
        </Reason>
      )}
    </>
  );
}

/** `Oracle Linux 8 (64-bit)`, not broken at the hyphen. */
function GuestSystem({ name }: { name: string | null }) {
  const [, system, bits] = /^(.*) (\([^)]*\))$/.exec(name ?? '') ?? [];
  if (!bits) return <>{orUnknown(name)}</>;
  return (
    <>
      {system} <span className="whitespace-nowrap">{bits}</span>
    </>
  );
}

export const COLUMNS: ResourceColumn<ListedServer>[] = [
  {
    id: 'name',
    header: 'Name',
    cell: (server) => <Link href={`/servers/${server.id}`}>{server.name}</Link>,
    width: 120,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'readiness',
    header: 'Readiness',
    cell: (server) => <Readiness server={server} />,
    width: 175,
    sort: true,
    filter: { kind: 'choice', values: statesOf('readiness') },
  },
  {
    id: 'replication',
    header: 'Replication',
    cell: (server) => <Replication server={server} />,
    width: 140,
    sort: true,
    filter: { kind: 'choice', values: [{ value: 'none', label: 'None' }, ...statesOf('job')] },
  },
  {
    id: 'power',
    header: 'Power',
    cell: (server) => <Status of="power" state={server.power} />,
    width: 95,
    sort: true,
    filter: { kind: 'choice', values: statesOf('power') },
  },
  {
    id: 'guest',
    header: 'Guest system',
    cell: (server) => <GuestSystem name={server.guestName} />,
    width: 160,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'vcpus',
    header: 'vCPUs',
    cell: (server) => formatCount(server.vcpus),
    width: 100,
    sort: true,
    filter: { kind: 'number' },
  },
  {
    id: 'memoryMiB',
    header: 'Memory',
    cell: (server) => formatMemory(server.memoryMiB),
    width: 107,
    sort: true,
    filter: { kind: 'number', label: 'Memory (MiB)' },
  },
  {
    id: 'diskBytes',
    header: 'Disks',
    cell: (server) => `${formatCount(server.diskCount)} · ${formatBytes(server.diskBytes)}`,
    width: 110,
    sort: true,
  },
  {
    id: 'address',
    header: 'IP address',
    cell: (server) => orUnknown(server.address),
    width: 120,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'disks',
    header: 'Number of disks',
    cell: (server) => formatCount(server.diskCount),
    width: 120,
    sort: true,
    filter: { kind: 'number' },
    hidden: true,
  },
  {
    id: 'path',
    header: 'Path',
    cell: (server) => server.path,
    width: 280,
    hidden: true,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'connector',
    header: 'Connector',
    cell: (server) => <Link href={`/connectors/${server.connectorId}`}>{server.connectorName}</Link>,
    width: 130,
    hidden: true,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'lastSeenAt',
    header: 'Last seen',
    cell: (server) => <Time at={server.lastSeenAt} />,
    width: 120,
    hidden: true,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'family',
    header: 'Guest family',
    cell: (server) => GUEST_FAMILIES[server.guestFamily],
    width: 150,
    sort: true,
    filter: { kind: 'choice', values: Object.entries(GUEST_FAMILIES).map(([value, label]) => ({ value, label })) },
    hidden: true,
  },
  {
    id: 'host',
    header: 'Host',
    cell: (server) => orUnknown(server.host),
    width: 180,
    sort: true,
    filter: { kind: 'text' },
    hidden: true,
  },
  {
    id: 'id',
    header: 'Server ID',
    cell: (server) => <CopyableId id={server.id} name="server id" />,
    width: 160,
    sort: true,
    filter: { kind: 'text' },
    hidden: true,
  },
];
