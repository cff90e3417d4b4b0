'use client';
// The downtime, large, beside what it was expected to be.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { formatDuration } from '../../../_ui/quantity.ts';
import { Time } from '../../../_ui/time.tsx';
import { DowntimeClock } from '../downtime-clock.tsx';
import type { Cutover } from '../types.ts';

const ofSeconds = (seconds: number | null | undefined) => formatDuration(seconds == null ? null : seconds * 1000);

export function Downtime({ cutover, arrivedAt }: { cutover: Cutover; arrivedAt: number }) {
  const { rehearsed, estimatedSeconds, downtimeStartedAt, downtimeEndedAt } = cutover;
  return (
    <Container header={<Header variant="h2">Downtime</Header>} fitHeight>
      <SpaceBetween size="m">
        <DowntimeClock
          cutover={cutover}
          arrivedAt={arrivedAt}
          className="tabular text-5xl leading-none font-bold sm:text-6xl"
        />
        <KeyValues
          columns={2}
          items={[
            ['Began', <Time key="began" at={downtimeStartedAt} exact />],
            downtimeEndedAt ? ['Ended', <Time key="over" at={downtimeEndedAt} exact />] : ['Ended', false],
            ['Rehearsed launch', ofSeconds(rehearsed?.seconds)],
            ['Estimated', cutover.state === 'planned' && ofSeconds(estimatedSeconds)],
          ]}
        />
      </SpaceBetween>
    </Container>
  );
}
