'use client';
// What the next run of a job measures from, disk by disk.
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { formatBytes } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';
import { outlookOf } from './baseline-words.ts';
import type { Baseline } from './types.ts';

export function BaselineTable({ baselines }: { baselines: readonly Baseline[] | undefined }) {
  return (
    <AdaptiveTable<Baseline>
      variant="embedded"
      trackBy="diskId"
      wrapLines
      items={baselines ?? []}
      loading={!baselines}
      loadingText="Loading the baseline"
      ariaLabels={{ tableLabel: 'Baseline' }}
      header={
        <Header variant="h2" description="The moment of each disk from which the next run measures what has changed.">
          Baseline
        </Header>
      }
      empty={
        <EmptyTeaching title="No baseline yet">
          The first completed run makes it: an EBS snapshot of each disk, and the digests of its blocks. From then on
          runs send only what has changed.
        </EmptyTeaching>
      }
      columnDefinitions={[
        { id: 'label', header: 'Disk', cell: (disk) => disk.label, isRowHeader: true, minWidth: 120 },
        {
          id: 'pointInTime',
          header: 'Point in time',
          minWidth: 120,
          cell: (disk) => (
            <Link href={`/runs/${disk.runId}`}>
              <Time at={disk.pointInTime} />
            </Link>
          ),
        },
        {
          id: 'tracking',
          header: 'Changes at the source',
          minWidth: 130,
          cell: (disk) => {
            const { type, text } = outlookOf(disk).tracking;
            return <StatusIndicator type={type}>{text}</StatusIndicator>;
          },
        },
        { id: 'next', header: 'Next run', minWidth: 240, cell: (disk) => <NextRun disk={disk} /> },
        { id: 'size', header: 'Size', minWidth: 90, cell: (disk) => formatBytes(disk.capacityBytes) },
        {
          id: 'snapshot',
          header: 'EBS snapshot',
          minWidth: 230,
          cell: (disk) => <CopyableId id={disk.snapshotId} name="snapshot id" />,
        },
      ]}
    />
  );
}

function NextRun({ disk }: { disk: Baseline }) {
  const { next, why } = outlookOf(disk);
  return (
    <>
      <div>{next}</div>
      {why && (
        <Box variant="small" color="text-body-secondary">
          {why}
        </Box>
      )}
    </>
  );
}
