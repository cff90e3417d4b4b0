// Columns of the table of replication jobs.
import Link from '@cloudscape-design/components/link';
import { frequencyText, LICENSE_LABELS, targetText } from '../../_forms/setting-labels.ts';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { orUnknown } from '../../_ui/quantity.ts';
import { StateWithReason } from '../../_ui/status.tsx';
import { statesOf } from '../../_ui/status-kinds.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Elapsed, Time } from '../../_ui/time.tsx';
import { RunProgressCell } from '../runs/run-progress-cell.tsx';
import { NextRun } from './paused-notice.tsx';
import type { Job } from './types.ts';

/** Why it has stopped or soon will; a healthy job has no reason to show. */
const whyOf = (job: Job): string | null =>
  ['paused-on-failure', 'failing', 'failed'].includes(job.state) ? job.statusMessage : null;

export const JOB_COLUMNS: ResourceColumn<Job>[] = [
  {
    id: 'server',
    header: 'Server',
    cell: (job) => <Link href={`/jobs/${job.id}`}>{job.serverName}</Link>,
    width: 120,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'state',
    header: 'State',
    cell: (job) => <StateWithReason of="job" state={job.state} reason={whyOf(job)} />,
    width: 185,
    sort: true,
    filter: { kind: 'choice', values: statesOf('job') },
  },
  {
    id: 'progress',
    header: 'Stage and progress',
    cell: (job) => <RunProgressCell run={job.run} />,
    width: 222,
  },
  {
    id: 'lag',
    header: 'Lag',
    cell: (job) => <Elapsed since={job.latestImageAt} />,
    width: 118,
    sort: true,
    filter: { kind: 'number', label: 'Lag (hours)' },
  },
  {
    id: 'image',
    header: 'Last AMI',
    cell: (job) => <CopyableId id={job.latestImageId} name="AMI id" />,
    width: 238,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'nextRunAt',
    header: 'Next run',
    cell: (job) => <NextRun job={job} />,
    width: 105,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'frequency',
    header: 'Frequency',
    cell: (job) => frequencyText(job.everyHours),
    width: 138,
    sort: true,
    filter: { kind: 'number', label: 'Hours between runs' },
  },
  {
    id: 'connector',
    header: 'Connector',
    cell: (job) => <Link href={`/connectors/${job.connectorId}`}>{job.connectorName}</Link>,
    width: 126,
    hidden: true,
    sort: true,
    filter: { kind: 'text' },
  },
  { id: 'target', header: 'Target', cell: (job) => orUnknown(targetText(job.target)), width: 240, hidden: true },
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
