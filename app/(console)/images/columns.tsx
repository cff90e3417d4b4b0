// Columns of the table of AMIs.
import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { formatCount, UNKNOWN } from '../../_ui/quantity.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Time } from '../../_ui/time.tsx';
import { VERIFIED_CHOICES, VerifiedMark } from '../../_ui/verified-mark.tsx';
import { METHOD_CHOICES, methodLabel } from './method-label.ts';
import { PINNED_CHOICES, PinnedMark } from './pinned-mark.tsx';
import type { ListedImage } from './types.ts';

export const COLUMNS: readonly ResourceColumn<ListedImage>[] = [
  {
    id: 'id',
    header: 'AMI',
    cell: (image) => <CopyableId id={image.id} name="AMI id" />,
    width: 238,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'name',
    header: 'Server',
    cell: (image) => image.name,
    width: 95,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'pointInTime',
    header: 'Point in time',
    cell: (image) => <Time at={image.pointInTime} exact />,
    width: 128,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'verified',
    header: 'Verified',
    cell: (image) => <VerifiedMark verified={image.verified} />,
    width: 120,
    sort: true,
    filter: { kind: 'choice', values: VERIFIED_CHOICES },
  },
  {
    id: 'pinned',
    header: 'Pinned',
    cell: (image) => <PinnedMark image={image} />,
    width: 98,
    filter: { kind: 'choice', values: PINNED_CHOICES },
  },
  {
    id: 'createdAt',
    header: 'Age',
    cell: (image) => <Time at={image.createdAt} />,
    width: 98,
    sort: true,
    filter: { label: 'Made at', kind: 'date' },
  },
  {
    id: 'method',
    header: 'Method',
    cell: (image) => methodLabel(image.method),
    width: 180,
    hidden: true,
    sort: true,
    filter: { kind: 'choice', values: METHOD_CHOICES },
  },
  {
    id: 'snapshots',
    header: 'Snapshots',
    cell: (image) => <span title={image.snapshotIds.join('\n')}>{formatCount(image.snapshotIds.length)}</span>,
    width: 110,
  },
  {
    id: 'instances',
    header: 'Instances',
    cell: (image) =>
      image.instances > 0 ? (
        <Link href={`/instances?q=image%3D${image.id}`} ariaLabel={`${image.instances} instances of ${image.id}`}>
          {formatCount(image.instances)}
        </Link>
      ) : (
        formatCount(image.instances)
      ),
    width: 122,
    sort: true,
    filter: { label: 'Number of instances', kind: 'number' },
  },
  {
    id: 'copies',
    header: 'Shared and copied',
    cell: ({ copies, copiesAvailable, copiesFailed }) => {
      if (copies === 0) return UNKNOWN;
      const type = copiesFailed > 0 ? 'error' : copiesAvailable < copies ? 'in-progress' : 'success';
      return <StatusIndicator type={type}>{`${copiesAvailable} of ${copies}`}</StatusIndicator>;
    },
    width: 150,
    hidden: true,
  },
  {
    id: 'job',
    header: 'Replication job',
    cell: (image) =>
      image.jobDeletedAt ? (
        <div>
          <div>{image.jobId}</div>
          <Box variant="small">Deleted; the AMI stays</Box>
        </div>
      ) : (
        <Link href={`/jobs/${image.jobId}`}>{image.jobId}</Link>
      ),
    width: 170,
    hidden: true,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'run',
    header: 'Replication run',
    cell: (image) => <Link href={`/runs/${image.runId}`}>{image.runId}</Link>,
    width: 180,
    filter: { kind: 'text' },
    hidden: true,
  },
];
