import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { formatCount, formatNumberOf } from '../../_ui/quantity.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Time } from '../../_ui/time.tsx';
import { VERIFIED_CHOICES } from '../runs/run-labels.ts';
import { VerifiedMark } from '../runs/verified-mark.tsx';
import { type ListedImage, METHOD_CHOICES, methodLabel } from './method-label.ts';
import { PINNED_CHOICES, PinnedMark } from './pinned-mark.tsx';

export const COLUMNS: readonly ResourceColumn<ListedImage>[] = [
  {
    id: 'id',
    header: 'AMI',
    cell: (image) => <CopyableId id={image.id} name="AMI id" />,
    width: 250,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'name',
    header: 'Server',
    cell: (image) => image.name,
    width: 130,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'pointInTime',
    header: 'Point in time',
    cell: (image) => <Time at={image.pointInTime} exact />,
    width: 220,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'verified',
    header: 'Verified',
    cell: (image) => <VerifiedMark verified={image.verified} />,
    width: 140,
    sort: true,
    filter: { kind: 'choice', values: VERIFIED_CHOICES },
  },
  {
    id: 'pinned',
    header: 'Pinned',
    cell: (image) => <PinnedMark image={image} />,
    width: 105,
    filter: { kind: 'choice', values: PINNED_CHOICES },
  },
  {
    id: 'createdAt',
    header: 'Age',
    cell: (image) => <Time at={image.createdAt} />,
    width: 105,
    sort: true,
    filter: { label: 'Made at', kind: 'date' },
  },
  {
    id: 'method',
    header: 'Method',
    cell: (image) => methodLabel(image.method),
    width: 200,
    sort: true,
    filter: { kind: 'choice', values: METHOD_CHOICES },
  },
  {
    id: 'snapshots',
    header: 'Snapshots',
    cell: (image) => (
      <span title={image.snapshotIds.join('\n')}>{formatNumberOf(image.snapshotIds.length, 'snapshot')}</span>
    ),
    width: 130,
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
    width: 135,
    sort: true,
    filter: { label: 'Number of instances', kind: 'number' },
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
    width: 210,
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
