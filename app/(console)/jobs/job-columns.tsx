// Columns of the table of replication jobs.
import Link from '@cloudscape-design/components/link';
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { orUnknown } from '../../_ui/quantity.ts';
import { Status } from '../../_ui/status.tsx';
import { statesOf } from '../../_ui/status-kinds.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Elapsed, Time } from '../../_ui/time.tsx';
import { RunProgressCell } from '../runs/run-progress-cell.tsx';
import { NextRun } from './paused-notice.tsx';
import { frequencyText, LICENSE_LABELS, targetText } from './setting-labels.ts';

export type Job = inferRouterOutputs<AppRouter>['jobs']['list']['items'][number];

export const JOB_COLUMNS: ResourceColumn<Job>[] = [
  {
    id: 'server',
    header: 'Server',
    cell: (job) => <Link href={`/jobs/${job.id}`}>{job.serverName}</Link>,
    width: 160,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'state',
    header: 'State',
    cell: (job) => <Status of="job" state={job.state} />,
    width: 175,
    sort: true,
    filter: { kind: 'choice', values: statesOf('job') },
  },
  {
    id: 'progress',
    header: 'Stage and progress',
    cell: (job) => <RunProgressCell run={job.run} />,
    width: 310,
  },
  {
    id: 'lag',
    header: 'Lag',
    cell: (job) => <Elapsed since={job.latestImageAt} />,
    width: 120,
    sort: true,
    filter: { kind: 'number', label: 'Lag (hours)' },
  },
  {
    id: 'image',
    header: 'Last AMI',
    cell: (job) => <CopyableId id={job.latestImageId} name="AMI id" />,
    width: 245,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'nextRunAt',
    header: 'Next run',
    cell: (job) => <NextRun job={job} />,
    width: 120,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'frequency',
    header: 'Frequency',
    cell: (job) => frequencyText(job.everyHours),
    width: 140,
    sort: true,
    filter: { kind: 'number', label: 'Hours between runs' },
  },
  {
    id: 'connector',
    header: 'Connector',
    cell: (job) => <Link href={`/connectors/${job.connectorId}`}>{job.connectorName}</Link>,
    width: 180,
    sort: true,
    filter: { kind: 'text' },
  },
  { id: 'target', header: 'Target', cell: (job) => orUnknown(targetText(job.target)), width: 240 },
  {
    id: 'id',
    header: 'Replication job id',
    cell: (job) => <CopyableId id={job.id} name="replication job id" />,
    width: 190,
    sort: true,
    filter: { kind: 'text' },
    hidden: true,
  },
  {
    id: 'description',
    header: 'Description',
    cell: (job) => orUnknown(job.description),
    width: 240,
    filter: { kind: 'text' },
    hidden: true,
  },
  { id: 'license', header: 'Licence', cell: (job) => LICENSE_LABELS[job.license], width: 110, hidden: true },
  {
    id: 'createdAt',
    header: 'Created',
    cell: (job) => <Time at={job.createdAt} />,
    width: 130,
    sort: true,
    filter: { kind: 'date' },
    hidden: true,
  },
];
