'use client';
// Everything that the run made outside of Landfall's database, and what has become of it.
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { AdaptiveTable } from '../../../_ui/adaptive-table.tsx';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { Reason } from '../../../_ui/status.tsx';
import { Time } from '../../../_ui/time.tsx';
import { ARTIFACT_LABELS, ARTIFACT_STATES } from '../run-labels.ts';
import type { Run } from '../types.ts';

type Artifact = Run['artifacts'][number];

export function ArtifactTable({ run }: { run: Run }) {
  return (
    <AdaptiveTable<Artifact>
      variant="container"
      trackBy="id"
      items={run.artifacts}
      wrapLines
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: 'Artifacts' }}
      header={
        <Header
          variant="h2"
          counter={run.artifacts.length > 0 ? `(${run.artifacts.length})` : ''}
          description="What the run made in the data center and in AWS. Snapshots and AMI stay; everything else is removed automatically."
        >
          Artifacts
        </Header>
      }
      empty={<Box color="text-body-secondary">The run has made nothing yet.</Box>}
      columnDefinitions={[
        { id: 'kind', header: 'Artifact', cell: ({ kind }) => ARTIFACT_LABELS[kind], isRowHeader: true, minWidth: 170 },
        { id: 'state', header: 'State', cell: (artifact) => <State artifact={artifact} />, minWidth: 160 },
        { id: 'made', header: 'Made', cell: ({ createdAt }) => <Time at={createdAt} />, minWidth: 110 },
        { id: 'gone', header: 'Removed', cell: ({ releasedAt }) => <Time at={releasedAt} />, minWidth: 110 },
        {
          id: 'id',
          header: 'Id',
          minWidth: 280,
          // A lease has a very long one; it can be copied whole.
          maxWidth: 420,
          cell: ({ externalId, kind }) => <CopyableId id={externalId} name={`id of ${ARTIFACT_LABELS[kind]}`} />,
        },
      ]}
    />
  );
}

function State({ artifact }: { artifact: Artifact }) {
  const { type, label } = ARTIFACT_STATES[artifact.state];
  const fault = artifact.state === 'released' ? null : artifact.releaseFault;
  if (!fault) return <StatusIndicator type={type}>{label}</StatusIndicator>;
  return (
    <div>
      <StatusIndicator type="warning">Could not be removed yet</StatusIndicator>
      <Reason>
        {fault.message} {fault.remedy}
      </Reason>
    </div>
  );
}
