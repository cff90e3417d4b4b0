'use client';
// Cutovers that are under way, come within a day, or ended within one.
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { Status } from '../../_ui/status.tsx';
import { Time } from '../../_ui/time.tsx';
import type { Overview } from './types.ts';

export function CutoversToday({ overview }: { overview: Overview }) {
  return (
    <Container fitHeight header={<Header variant="h2">Cutovers today</Header>}>
      {overview.cutovers.length === 0 ? (
        <Box color="text-body-secondary">
          None. A cutover is planned from a replication job, when its tests have passed.
        </Box>
      ) : (
        <SpaceBetween size="s">
          {overview.cutovers.map((cutover) => (
            <SpaceBetween key={cutover.id} size="s" direction="horizontal" alignItems="center">
              <Link href={`/cutovers/${cutover.id}`}>{cutover.serverName}</Link>
              <Status of="cutover" state={cutover.asks ? 'asks' : cutover.state} />
              {cutover.startAt && <Time at={cutover.startAt} />}
            </SpaceBetween>
          ))}
        </SpaceBetween>
      )}
    </Container>
  );
}
