'use client';
// What a cutover would find now, and what its downtime will be about.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { shownFault } from '../../../_shell/faults.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { LoadingBody } from '../../../_ui/loading-body.tsx';
import { formatDuration } from '../../../_ui/quantity.ts';
import { CheckList } from '../check-list.tsx';
import type { Readiness } from '../types.ts';

interface ReadinessCardProps {
  query: { data: Readiness | undefined; error: unknown; refetch: () => unknown };
}

const ofSeconds = (seconds: number | null | undefined) => formatDuration(seconds == null ? null : seconds * 1000);

export function ReadinessCard({ query }: ReadinessCardProps) {
  const { data, error } = query;
  return (
    <Container
      header={
        <Header variant="h2" description="As of now. The cutover checks again before it touches anything.">
          Checks
        </Header>
      }
    >
      {!data && error ? (
        <FaultCard
          fault={shownFault(error)}
          action={
            <Button formAction="none" onClick={() => void query.refetch()}>
              Try again
            </Button>
          }
        />
      ) : !data ? (
        <LoadingBody label="Looking at the server" />
      ) : (
        <SpaceBetween size="l">
          <KeyValues
            items={[
              ['Estimated downtime', ofSeconds(data.estimatedSeconds)],
              ['Last run', ofSeconds(data.lastRunSeconds)],
              ['Rehearsed launch', ofSeconds(data.rehearsed?.seconds)],
            ]}
          />
          <CheckList checks={data.checks} label="Checks" />
        </SpaceBetween>
      )}
    </Container>
  );
}
