'use client';
// Step 4: what will be created, when it starts, and what will be made where.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { JobSettings } from '../../../../replication/model/job.ts';
import {
  frequencyText,
  imageMethodText,
  keepImagesText,
  licenseText,
  pauseText,
  VERIFICATION_LABELS,
} from '../../../_forms/setting-labels.ts';
import { type ShownFault, shownFault } from '../../../_shell/faults.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { AdaptiveTable } from '../../../_ui/adaptive-table.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { formatBytes, formatNumberOf, orUnknown } from '../../../_ui/quantity.ts';
import { exactTime } from '../../../_ui/relative-time.ts';
import type { Candidate } from '../../servers/types.ts';
import { type Draft, imageMethodOf, licenseOf } from './draft.ts';

interface ReviewStepProps {
  servers: readonly Candidate[];
  refused: readonly Candidate[];
  draft: Draft;
  settings: JobSettings | undefined;
  zone: string;
  /** What the last try to create answered. */
  fault: ShownFault | null;
  onEdit: (step: number) => void;
}

export function ReviewStep({ servers, refused, draft, settings, zone, fault, onEdit }: ReviewStepProps) {
  const count = servers.length;
  const bytes = servers.reduce((sum, server) => sum + server.diskBytes, 0);
  const disks = servers.reduce((sum, server) => sum + server.diskCount, 0);
  const start = settings?.seedAt ? exactTime(settings.seedAt, zone) : 'Immediately';
  return (
    <SpaceBetween size="l">
      {fault && <FaultCard fault={fault} />}
      {refused.length > 0 && (
        <Alert
          type="warning"
          statusIconAriaLabel="Warning"
          header={`${refused.map(({ name }) => name).join(', ')} left out`}
        >
          {refused.map((server) => `${server.name}: ${server.refused}`).join(' ')}
        </Alert>
      )}
      <Container header={<Header variant="h2">What will be created</Header>}>
        <SpaceBetween size="m">
          <KeyValues
            columns={3}
            items={[
              ['Replication jobs', formatNumberOf(count, 'replication job')],
              ['First run', count === 1 ? start : `${start}, all ${count}`],
              ['Copied in the first run', `${formatNumberOf(disks, 'disk')}, up to ${formatBytes(bytes)}`],
            ]}
          />
          <Target id={draft.targetId} />
          <ul className="m-0 list-disc pl-5">
            <li>In the bucket: the copied disks, until they have become snapshots; then they are deleted.</li>
            <li>
              With every run: one EBS snapshot a disk ({disks} together) and one AMI a server ({count} together).
            </li>
            <li>In the data center: one snapshot of each server while it is copied; it is removed afterwards.</li>
          </ul>
        </SpaceBetween>
      </Container>
      <Part title="Steps 1 and 2: Servers and their settings" edit="servers" onEdit={() => onEdit(0)}>
        <AdaptiveTable<Candidate>
          variant="embedded"
          trackBy="id"
          items={[...servers]}
          ariaLabels={{ tableLabel: 'Servers and their settings' }}
          columnDefinitions={[
            { id: 'name', header: 'Server', cell: (server) => server.name, isRowHeader: true },
            { id: 'guest', header: 'Guest system', cell: (server) => orUnknown(server.guestName) },
            {
              id: 'license',
              header: 'Licence',
              cell: (server) => licenseText(licenseOf(draft, server), server.guestFamily),
            },
            {
              id: 'method',
              header: 'Image method',
              cell: (server) => imageMethodText(imageMethodOf(draft, server), server.guestFamily),
            },
            { id: 'disks', header: 'Disks', cell: (server) => formatNumberOf(server.diskCount, 'disk') },
            { id: 'size', header: 'Size', cell: (server) => formatBytes(server.diskBytes) },
          ]}
        />
      </Part>
      <Part title="Step 3: Job settings" edit="job settings" onEdit={() => onEdit(2)}>
        {settings && (
          <KeyValues
            items={[
              ['Replication job type', frequencyText(settings.everyHours)],
              ['Start replication run', start],
              ['Automatic AMI deletion', keepImagesText(settings.keepImages)],
              ['Verification', VERIFICATION_LABELS[settings.verification ?? 'target']],
              ['When runs keep failing', settings.everyHours !== null && pauseText(settings.pauseAfterFailures)],
              ['Description', settings.description],
            ]}
          />
        )}
      </Part>
    </SpaceBetween>
  );
}

/** Account, Region and bucket. The account is asked of AWS, which may not answer; creating does not wait for it. */
function Target({ id }: { id: string | undefined }) {
  const trpc = useTRPC();
  const target = useQuery(trpc.jobs.target.queryOptions({ targetId: id }, { staleTime: 60_000 }));
  if (target.error && !target.data) return <FaultCard fault={shownFault(target.error)} />;
  const { data } = target;
  const loading = <StatusIndicator type="loading">Asking AWS</StatusIndicator>;
  return (
    <SpaceBetween size="m">
      <KeyValues
        columns={3}
        items={[
          ['AWS target', data ? data.name : loading],
          ['AWS account', data ? data.account : loading],
          ['Region', data ? data.region : loading],
          ['Staging bucket', data ? data.bucket : loading],
        ]}
      />
      {data?.fault && <FaultCard tone="warning" fault={data.fault} />}
    </SpaceBetween>
  );
}

function Part(props: { title: string; edit: string; onEdit: () => void; children: ReactNode }) {
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Button ariaLabel={`Edit ${props.edit}`} onClick={props.onEdit}>
              Edit
            </Button>
          }
        >
          {props.title}
        </Header>
      }
    >
      <Box>{props.children}</Box>
    </Container>
  );
}
