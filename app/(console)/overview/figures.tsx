'use client';
// The figures of the workspace, each a link to its list.
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';
import { formatCount } from '../../_ui/quantity.ts';
import { statusOf } from '../../_ui/status-kinds.ts';
import type { Overview } from './types.ts';

export function Figures({ overview }: { overview: Overview }) {
  const { connectors, servers, jobs, running } = overview;
  const connected = connectors.healthy + connectors.unhealthy + connectors.waiting;
  return (
    <Container header={<Header variant="h2">Figures</Header>}>
      <dl className="m-0 grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-3 lg:grid-cols-6">
        <Figure label="Connectors" count={connected} href="/connectors">
          {(['unhealthy', 'waiting', 'healthy'] as const).map((state) => (
            <Part key={state} noun="connector" state={state} count={connectors[state]} />
          ))}
        </Figure>
        <Figure label="Servers" count={servers.total} href="/servers">
          {servers.blocked > 0 && (
            <Link href="/servers?q=readiness%3Dblocked">
              <Part noun="readiness" state="blocked" count={servers.blocked} />
            </Link>
          )}
        </Figure>
        <Figure
          label="Replication jobs"
          count={Object.values(jobs).reduce((sum, count) => sum + count, 0)}
          href="/jobs"
        >
          {Object.entries(jobs).map(([state, count]) => (
            <Link key={state} href={`/jobs?q=${encodeURIComponent(`state=${state}`)}`}>
              <Part noun="job" state={state} count={count} />
            </Link>
          ))}
        </Figure>
        <Figure label="Runs now" count={running.total} href="/runs?q=state%3Dactive">
          {running.queued > 0 && (
            <Link href="/runs?q=state%3Dpending">
              <StatusIndicator type="pending">{formatCount(running.queued)} queued</StatusIndicator>
            </Link>
          )}
        </Figure>
        <Figure label="AMIs" count={overview.images} href="/images" />
        <Figure label="Instances running" count={overview.instancesRunning} href="/instances" />
      </dl>
    </Container>
  );
}

interface FigureProps {
  label: string;
  count: number;
  href: string;
  children?: ReactNode;
}

function Figure({ label, count, href, children }: FigureProps) {
  return (
    <div>
      <dt>
        <Box variant="awsui-key-label">{label}</Box>
      </dt>
      <dd className="m-0">
        <SpaceBetween size="xxs">
          <Link variant="awsui-value-large" href={href} ariaLabel={`${label}: ${formatCount(count)}`}>
            {formatCount(count)}
          </Link>
          {children}
        </SpaceBetween>
      </dd>
    </div>
  );
}

function Part({ noun, state, count }: { noun: 'connector' | 'readiness' | 'job'; state: string; count: number }) {
  if (count === 0) return null;
  const { kind, label } = statusOf(noun, state);
  return (
    <StatusIndicator type={kind}>
      {formatCount(count)} {label.toLowerCase()}
    </StatusIndicator>
  );
}
