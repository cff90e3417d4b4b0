'use client';
// The figures of the workspace, each a way to its list.
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';
import { KeyValues } from '../../_ui/key-values.tsx';
import { formatCount } from '../../_ui/quantity.ts';
import { statusOf } from '../../_ui/status-kinds.ts';
import type { Overview } from './overview-types.ts';

export function Figures({ overview }: { overview: Overview }) {
  const { connectors, servers, jobs } = overview;
  const connected = connectors.healthy + connectors.unhealthy + connectors.waiting;
  return (
    <Container header={<Header variant="h2">Figures</Header>}>
      <KeyValues
        columns={5}
        items={[
          [
            'Connectors',
            <Figure key="connectors" label="Connectors" count={connected} href="/connectors">
              {(['unhealthy', 'waiting', 'healthy'] as const).map((state) => (
                <Part key={state} noun="connector" state={state} count={connectors[state]} />
              ))}
            </Figure>,
          ],
          [
            'Servers',
            <Figure key="servers" label="Servers" count={servers.total} href="/servers">
              {servers.blocked > 0 && (
                <Link href="/servers?q=readiness%3Dblocked">
                  <Part noun="readiness" state="blocked" count={servers.blocked} />
                </Link>
              )}
            </Figure>,
          ],
          [
            'Replication jobs',
            <Figure
              key="jobs"
              label="Replication jobs"
              count={Object.values(jobs).reduce((sum, count) => sum + count, 0)}
              href="/jobs"
            >
              {Object.entries(jobs).map(([state, count]) => (
                <Link key={state} href={`/jobs?q=${encodeURIComponent(`state=${state}`)}`}>
                  <Part noun="job" state={state} count={count} />
                </Link>
              ))}
            </Figure>,
          ],
          ['AMIs', <Figure key="images" label="AMIs" count={overview.images} href="/images" />],
          [
            'Instances running',
            <Figure key="instances" label="Instances running" count={overview.instancesRunning} href="/instances" />,
          ],
        ]}
      />
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
    <SpaceBetween size="xxs">
      <Link variant="awsui-value-large" href={href} ariaLabel={`${label}: ${formatCount(count)}`}>
        {formatCount(count)}
      </Link>
      {children}
    </SpaceBetween>
  );
}

function Part({ noun, state, count }: { noun: 'connector' | 'readiness' | 'job'; state: string; count: number }) {
  if (count === 0) return null;
  const { kind, label } = statusOf(noun, state);
  return (
    <Box>
      <StatusIndicator type={kind}>
        {formatCount(count)} {label.toLowerCase()}
      </StatusIndicator>
    </Box>
  );
}
