'use client';
// All that the catalog knows of a server: details, disks, network, readiness, replication.
import Badge from '@cloudscape-design/components/badge';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { Can } from '../../_shell/member.tsx';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { formatBytes, formatMemory } from '../../_ui/quantity.ts';
import { Status } from '../../_ui/status.tsx';
import { Elapsed, Time } from '../../_ui/time.tsx';
import { createJobHref, FIRMWARE, GUEST_FAMILIES, TOOLS } from './server-words.ts';
import type { FullServer } from './types.ts';

const TABS = ['details', 'disks', 'network', 'readiness', 'replication'] as const;

export function ServerTabs({ server, variant = 'default' }: { server: FullServer; variant?: 'default' | 'container' }) {
  const [tab, setTab] = useQueryState('tab', parseAsStringLiteral(TABS).withDefault('details'));
  const { disks, nics, findings } = server.record;
  return (
    <Tabs
      variant={variant}
      ariaLabel={`Server ${server.name}`}
      activeTabId={tab}
      onChange={({ detail }) => void setTab(TABS.find((known) => known === detail.activeTabId) ?? null)}
      tabs={[
        { id: 'details', label: 'Details', content: <Details server={server} /> },
        { id: 'disks', label: `Disks (${disks.length})`, content: <Disks server={server} /> },
        { id: 'network', label: `Network (${nics.length})`, content: <Network server={server} /> },
        {
          id: 'readiness',
          label: findings.length > 0 ? `Readiness (${findings.length})` : 'Readiness',
          content: <Findings server={server} />,
        },
        { id: 'replication', label: 'Replication', content: <Replicated server={server} /> },
      ]}
    />
  );
}

function Details({ server }: { server: FullServer }) {
  const { record } = server;
  return (
    <KeyValues
      columns={4}
      items={[
        ['Server ID', <CopyableId key="id" id={server.id} name="server id" />],
        ['Power', <Status key="power" of="power" state={server.power} />],
        ['Guest system', server.guestName],
        ['Guest family', GUEST_FAMILIES[server.guestFamily]],
        ['Host name', record.hostName],
        ['VMware Tools', TOOLS[record.tools]],
        ['vCPUs', String(server.vcpus)],
        ['Memory', formatMemory(server.memoryMiB)],
        ['Architecture', record.architecture],
        ['Firmware', `${FIRMWARE[record.firmware]}${record.secureBoot ? ', secure boot' : ''}`],
        ['Hardware version', record.hardwareVersion],
        ['Host', server.host],
        ['Path', server.path],
        ['VM ID', <CopyableId key="vm" id={server.vmId} name="VM id" />],
        ['Instance UUID', <CopyableId key="uuid" id={record.uuid} name="instance UUID" />],
        [
          'Connector',
          <Link key="connector" href={`/connectors/${server.connectorId}`}>
            {server.connectorName}
          </Link>,
        ],
        ['First seen', <Time key="first" at={server.firstSeenAt} />],
        ['Last seen', <Time key="last" at={server.lastSeenAt} />],
        ['Gone since', server.goneAt !== null && <Time key="gone" at={server.goneAt} />],
      ]}
    />
  );
}

function Disks({ server }: { server: FullServer }) {
  const disks = [...server.record.disks].sort((a, b) => a.order - b.order);
  return (
    <AdaptiveTable
      variant="embedded"
      trackBy="id"
      items={disks}
      wrapLines
      ariaLabels={{ tableLabel: `Disks of ${server.name}` }}
      columnDefinitions={[
        {
          id: 'label',
          header: 'Disk',
          cell: (disk) => (
            <>
              {disk.label} {disk.order === 0 && <Badge>Boot disk</Badge>}
            </>
          ),
          isRowHeader: true,
        },
        { id: 'size', header: 'Size', cell: (disk) => formatBytes(disk.capacityBytes) },
        { id: 'kind', header: 'Kind', cell: (disk) => disk.kind },
        { id: 'datastore', header: 'Datastore', cell: (disk) => disk.datastore },
        { id: 'file', header: 'File', cell: (disk) => disk.fileName },
        {
          id: 'replicable',
          header: 'Replication',
          cell: (disk) => (disk.replicable ? 'Can be replicated' : 'Cannot be replicated: see Readiness'),
        },
      ]}
      empty={<Box textAlign="center">The server has no disks.</Box>}
    />
  );
}

function Network({ server }: { server: FullServer }) {
  return (
    <AdaptiveTable
      variant="embedded"
      trackBy="mac"
      items={server.record.nics}
      wrapLines
      ariaLabels={{ tableLabel: `Network adapters of ${server.name}` }}
      columnDefinitions={[
        { id: 'label', header: 'Adapter', cell: (nic) => nic.label, isRowHeader: true },
        { id: 'network', header: 'Network', cell: (nic) => nic.network },
        { id: 'mac', header: 'MAC address', cell: (nic) => nic.mac },
        { id: 'addresses', header: 'IP addresses', cell: (nic) => nic.addresses.join(', ') || '–' },
      ]}
      empty={<Box textAlign="center">The server has no network adapters.</Box>}
    />
  );
}

function Findings({ server }: { server: FullServer }) {
  const { findings } = server.record;
  if (findings.length === 0) {
    return (
      <SpaceBetween size="xs">
        <Status of="readiness" state="ready" />
        <Box color="text-body-secondary">
          Nothing was found that stands in the way. This is checked again at every import and at the start of every run.
        </Box>
      </SpaceBetween>
    );
  }
  return (
    <AdaptiveTable
      variant="embedded"
      trackBy="code"
      items={findings}
      wrapLines
      ariaLabels={{ tableLabel: `Findings about ${server.name}` }}
      columnDefinitions={[
        {
          id: 'level',
          header: 'Level',
          cell: (finding) => <Status of="finding" state={finding.level} />,
          width: 120,
        },
        { id: 'title', header: 'What was found', cell: (finding) => finding.title, isRowHeader: true },
        { id: 'why', header: 'Why it matters', cell: (finding) => finding.why },
        { id: 'remedy', header: 'What to do', cell: (finding) => finding.remedy },
      ]}
    />
  );
}

function Replicated({ server }: { server: FullServer }) {
  if (!server.jobId) {
    const able = server.readiness !== 'blocked' && !server.goneAt;
    return (
      <EmptyTeaching
        title="No replication job"
        action={
          able && (
            <Can permission="job.create">
              <Button href={createJobHref([server.id])}>Replicate this server</Button>
            </Can>
          )
        }
      >
        {able
          ? 'A replication job copies the server into AWS, and makes an AMI of every run.'
          : server.goneAt
            ? 'The server is gone from its VM manager.'
            : `The server cannot be replicated as it is: ${server.blockedBy ?? 'see Readiness'}`}
      </EmptyTeaching>
    );
  }
  return (
    <KeyValues
      columns={4}
      items={[
        [
          'Replication job',
          <Link key="job" href={`/jobs/${server.jobId}`}>
            {server.jobId}
          </Link>,
        ],
        ['State', <Status key="state" of="job" state={server.jobState} />],
        ['Latest point in time', server.latestImageAt && <Time key="at" at={server.latestImageAt} exact />],
        ['Lag', server.latestImageAt && <Elapsed key="lag" since={server.latestImageAt} />],
      ]}
    />
  );
}
