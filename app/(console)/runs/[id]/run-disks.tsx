'use client';
// The disks of a run: size, what was read and sent, how fast, and the replica snapshot that holds them.
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { AdaptiveTable } from '../../../_ui/adaptive-table.tsx';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { formatBytes, formatDuration, formatRate, UNKNOWN } from '../../../_ui/quantity.ts';
import { Reason } from '../../../_ui/status.tsx';
import { COPY_MODE_LABELS } from '../run-labels.ts';
import type { Run } from '../types.ts';
import { type DiskRow, diskRows } from './disk-rows.ts';

const STATES = {
  waiting: { type: 'pending', label: 'Waiting' },
  running: { type: 'in-progress', label: 'Running' },
  done: { type: 'success', label: 'Done' },
} as const;

export function RunDisks({ run }: { run: Run }) {
  const rows = diskRows(run);
  const ended = run.status.state !== 'pending' && run.status.state !== 'active';
  return (
    <AdaptiveTable<DiskRow>
      variant="container"
      trackBy="id"
      items={rows}
      wrapLines
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: 'Disks' }}
      header={
        <Header variant="h2" counter={rows.length > 0 ? `(${rows.length})` : ''}>
          Disks
        </Header>
      }
      empty={
        <Box color="text-body-secondary">
          {ended ? 'The run ended before its disks were looked at.' : 'Known once the snapshot of the server is taken.'}
        </Box>
      }
      columnDefinitions={[
        { id: 'label', header: 'Disk', cell: (disk) => disk.label, isRowHeader: true, minWidth: 110 },
        {
          id: 'state',
          header: 'State',
          minWidth: 100,
          cell: ({ state }) =>
            ended && state !== 'done' ? (
              <StatusIndicator type="stopped">Not finished</StatusIndicator>
            ) : (
              <StatusIndicator type={STATES[state].type}>{STATES[state].label}</StatusIndicator>
            ),
        },
        { id: 'mode', header: 'Copied', minWidth: 160, cell: (disk) => <CopyKind disk={disk} /> },
        { id: 'size', header: 'Size', minWidth: 80, cell: (disk) => formatBytes(disk.capacityBytes) },
        {
          id: 'changed',
          header: 'Changed',
          minWidth: 85,
          cell: (disk) => formatBytes(disk.changedBytes),
        },
        { id: 'read', header: 'Read', minWidth: 80, cell: (disk) => formatBytes(disk.bytesRead) },
        { id: 'sent', header: 'Sent', minWidth: 80, cell: (disk) => formatBytes(disk.bytesSent) },
        { id: 'rate', header: 'Rate', minWidth: 100, cell: (disk) => formatRate(disk.rate) },
        {
          id: 'left',
          header: 'Time left',
          minWidth: 95,
          cell: (disk) => formatDuration(disk.secondsLeft === null ? null : disk.secondsLeft * 1000),
        },
        {
          id: 'snapshot',
          header: 'Replica snapshot',
          minWidth: 215,
          cell: (disk) => <CopyableId id={disk.snapshotId} name="snapshot id" />,
        },
      ]}
    />
  );
}

/** Whole, or what changed; and why not less. */
function CopyKind({ disk: { mode, reason } }: { disk: DiskRow }) {
  if (!mode) return UNKNOWN;
  return (
    <>
      <div>{COPY_MODE_LABELS[mode]}</div>
      {reason && <Reason>{reason}</Reason>}
    </>
  );
}
