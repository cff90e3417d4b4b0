'use client';
// What needs attention, one card for each cause.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { allOf, folderOf, hrefOf } from '../../_shell/attention-links.ts';
import { shownFault } from '../../_shell/faults.ts';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { ShowLeftOvers } from './left-overs.tsx';
import type { Attention } from './types.ts';

interface NeedsAttentionProps {
  query: { data: Attention[] | undefined; error: unknown; refetch: () => unknown };
}

export function NeedsAttention({ query }: NeedsAttentionProps) {
  const { data, error } = query;
  return (
    <Container
      header={
        <Header variant="h2" counter={data ? `(${data.length})` : ''}>
          Needs attention
        </Header>
      }
    >
      {data && data.length > 0 ? (
        <SpaceBetween size="s">
          {data.map((item) => (
            <Item key={item.id} item={item} />
          ))}
        </SpaceBetween>
      ) : data ? (
        <StatusIndicator type="success">Nothing needs attention</StatusIndicator>
      ) : error ? (
        <FaultCard fault={shownFault(error)} action={<Button onClick={() => query.refetch()}>Try again</Button>} />
      ) : (
        <StatusIndicator type="loading">Looking for what needs attention</StatusIndicator>
      )}
    </Container>
  );
}

const NOUNS = { cutovers: 'cutover', connectors: 'connector', jobs: 'replication job' } as const;

function Item({ item }: { item: Attention }) {
  const { fault, tone, since, affected, things } = item;
  const [only] = things;
  const more = affected.noun === 'replication job' ? affected.count - things.length : 0;
  return (
    <FaultCard
      fault={fault}
      tone={tone}
      since={since}
      {...(affected.count > 0 ? { affected } : {})}
      action={
        item.kind === 'left-over' ? (
          <ShowLeftOvers />
        ) : item.kind === 'break-glass' ? (
          <Button href="/activity">View activity</Button>
        ) : things.length === 1 && only ? (
          <Button href={hrefOf(item, only.id)} ariaLabel={`View ${only.name}`}>
            View {NOUNS[folderOf(item)]}
          </Button>
        ) : (
          <Button href={allOf(item)}>View {NOUNS[folderOf(item)]}s</Button>
        )
      }
    >
      {things.length > 1 && (
        <>
          {things.map((thing, at) => (
            <span key={thing.id}>
              {at > 0 && ', '}
              <Link href={hrefOf(item, thing.id)}>{thing.name}</Link>
            </span>
          ))}
          {more > 0 && ` and ${more} more`}
        </>
      )}
    </FaultCard>
  );
}
