// Columns of tables of runs.
import Link from '@cloudscape-design/components/link';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { formatBytes, UNKNOWN } from '../../_ui/quantity.ts';
import { StageBar } from '../../_ui/stage-bar.tsx';
import { StateWithReason, Status } from '../../_ui/status.tsx';
import { statesOf } from '../../_ui/status-kinds.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Elapsed, Time } from '../../_ui/time.tsx';
import { VerifiedMark, verifiedLine } from '../../_ui/verified-mark.tsx';
import { LaunchLink } from './launch-link.tsx';
import { COPY_LABELS, QUEUE_CHOICES, TYPE_LABELS } from './run-labels.ts';
import { PendingState } from './run-progress-cell.tsx';
import type { ListedRun } from './types.ts';

export const RUN_COLUMNS: ResourceColumn<ListedRun>[] = [
  {
    id: 'id',
    header: 'Run',
    cell: (run) => <Link href={`/runs/${run.id}`}>{run.id}</Link>,
    width: 160,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'server',
    header: 'Server',
    cell: (run) => <Link href={`/jobs/${run.jobId}`}>{run.serverName}</Link>,
    width: 110,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'state',
    header: 'State',
    cell: (run) => <RunState run={run} />,
    width: 205,
    sort: true,
    filter: { kind: 'choice', values: statesOf('run') },
  },
  {
    id: 'copyMode',
    header: 'Copy',
    cell: (run) => (run.copyMode ? COPY_LABELS[run.copyMode] : UNKNOWN),
    width: 90,
    sort: true,
    filter: {
      label: 'Type of copy',
      kind: 'choice',
      values: Object.entries(COPY_LABELS).map(([value, label]) => ({ value, label })),
    },
  },
  {
    id: 'startedAt',
    header: 'Started',
    cell: (run) => <Time at={run.startedAt} />,
    width: 110,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'duration',
    header: 'Duration',
    cell: (run) => <Elapsed since={run.startedAt} until={run.endedAt} />,
    width: 115,
    sort: true,
  },
  {
    id: 'changed',
    header: 'Changed',
    cell: (run) => formatBytes(run.changedBytes),
    width: 116,
    hidden: true,
    sort: true,
    filter: { label: 'Changed (MiB)', kind: 'number' },
  },
  {
    id: 'sent',
    header: 'Sent',
    cell: (run) => formatBytes(run.bytes.sent),
    width: 90,
    sort: true,
    filter: { label: 'Sent (MiB)', kind: 'number' },
  },
  {
    id: 'image',
    header: 'AMI',
    cell: (run) => <CopyableId id={run.imageId} name="AMI id" />,
    width: 238,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'queue',
    header: 'Queue',
    cell: ({ status }) => (status.state === 'pending' ? (status.waitingFor ?? 'Queued') : UNKNOWN),
    width: 260,
    filter: { kind: 'choice', values: QUEUE_CHOICES },
    hidden: true,
  },
  {
    id: 'scheduledFor',
    header: 'Scheduled for',
    cell: (run) => <Time at={run.scheduledFor} />,
    width: 130,
    hidden: true,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'read',
    header: 'Read',
    cell: (run) => formatBytes(run.bytes.read),
    width: 95,
    sort: true,
    filter: { label: 'Read (MiB)', kind: 'number' },
    hidden: true,
  },
  {
    id: 'verified',
    header: 'Verified',
    cell: (run) => <VerifiedMark verified={run.verified} />,
    width: 130,
    hidden: true,
  },
  {
    id: 'type',
    header: 'Type',
    cell: (run) => TYPE_LABELS[run.type],
    width: 110,
    hidden: true,
    sort: true,
    filter: { kind: 'choice', values: Object.entries(TYPE_LABELS).map(([value, label]) => ({ value, label })) },
  },
  { id: 'action', header: 'Action', cell: (run) => <LaunchLink run={run} inRow />, width: 160, hidden: true },
];

function RunState({ run }: { run: ListedRun }) {
  const { status } = run;
  if (status.cancelling) return <Status of="run" state="active" detail="cancelling" />;
  if (status.state === 'active') {
    return (
      <StageBar key={run.id} runId={run.id} state="active" percent={status.percent} stage={status.stage} compact />
    );
  }
  if (status.state === 'pending') return <PendingState waitingFor={status.waitingFor} />;
  const reason = status.state === 'failed' ? run.fault?.message : run.verified && verifiedLine(run.verified);
  return <StateWithReason of="run" state={status.state} reason={reason} />;
}
