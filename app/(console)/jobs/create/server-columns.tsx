// Columns of the table from which servers are chosen.
import Link from '@cloudscape-design/components/link';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { formatBytes, formatNumberOf, orUnknown } from '../../../_ui/quantity.ts';
import { StateWithReason, Status } from '../../../_ui/status.tsx';
import { statesOf } from '../../../_ui/status-kinds.ts';
import type { ResourceColumn } from '../../../_ui/table-columns.ts';
import type { ListedServer } from '../../servers/types.ts';

/** Whether a job can be created for it; the server has the last word. */
export const canHaveJob = (server: ListedServer): boolean =>
  !server.goneAt && server.readiness !== 'blocked' && server.jobId === null;

function Choice({ server }: { server: ListedServer }) {
  if (server.goneAt) return <StatusIndicator type="stopped">Gone from its VM manager</StatusIndicator>;
  if (server.readiness === 'blocked') {
    return <StateWithReason of="readiness" state="blocked" reason={server.blockedBy ?? 'It cannot be replicated.'} />;
  }
  if (server.jobId) {
    return (
      <StatusIndicator type="stopped">
        Has a <Link href={`/jobs/${server.jobId}`}>replication job</Link> already
      </StatusIndicator>
    );
  }
  return <Status of="readiness" state={server.readiness} />;
}

export const SERVER_COLUMNS: ResourceColumn<ListedServer>[] = [
  {
    id: 'name',
    header: 'Server',
    cell: (server) => server.name,
    width: 140,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'readiness',
    header: 'Readiness',
    cell: (server) => <Choice server={server} />,
    width: 235,
    sort: true,
    filter: { kind: 'choice', values: statesOf('readiness') },
  },
  {
    id: 'guest',
    header: 'Guest system',
    cell: (server) => orUnknown(server.guestName),
    width: 180,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'diskBytes',
    header: 'Disks',
    cell: (server) => `${formatNumberOf(server.diskCount, 'disk')}, ${formatBytes(server.diskBytes)}`,
    width: 150,
    sort: true,
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
];
