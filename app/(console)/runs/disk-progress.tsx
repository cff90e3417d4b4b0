'use client';
// The disks of a run that is under way, each with what has been read and sent, how fast, and how long it will take.
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { DiskProgress } from '../../../replication/model/step-results.ts';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { formatBytes, formatDuration, formatRate, UNKNOWN } from '../../_ui/quantity.ts';

const STATES = {
  waiting: { type: 'pending', label: 'Waiting' },
  running: { type: 'in-progress', label: 'Running' },
  done: { type: 'success', label: 'Done' },
} as const;

export function DiskProgressTable({ disks, label }: { disks: readonly DiskProgress[]; label: string }) {
  return (
    <AdaptiveTable<DiskProgress>
      variant="embedded"
      trackBy="id"
      items={disks}
      ariaLabels={{ tableLabel: label }}
      columnDefinitions={[
        { id: 'label', header: 'Disk', cell: (disk) => disk.label, isRowHeader: true, minWidth: 130 },
        {
          id: 'state',
          header: 'State',
          minWidth: 110,
          cell: ({ state }) => <StatusIndicator type={STATES[state].type}>{STATES[state].label}</StatusIndicator>,
        },
        {
          id: 'done',
          header: 'Position',
          minWidth: 170,
          cell: (disk) => (
            <span className="tabular">
              {formatBytes(disk.doneBytes)} of {formatBytes(disk.capacityBytes)}
            </span>
          ),
        },
        { id: 'read', header: 'Read', minWidth: 90, cell: (disk) => formatBytes(disk.bytesRead) },
        { id: 'sent', header: 'Sent', minWidth: 90, cell: (disk) => formatBytes(disk.bytesSent) },
        {
          id: 'rate',
          header: 'Rate',
          minWidth: 110,
          cell: (disk) => (disk.state === 'running' && disk.rate > 0 ? formatRate(disk.rate) : UNKNOWN),
        },
        {
          id: 'left',
          header: 'Time left',
          minWidth: 110,
          cell: (disk) =>
            disk.state === 'running' && disk.secondsLeft !== null ? formatDuration(disk.secondsLeft * 1000) : UNKNOWN,
        },
      ]}
    />
  );
}
