'use client';
// How the runs of the last 24 hours ended, and what they read and sent, hour by hour.
import BarChart from '@cloudscape-design/components/bar-chart';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import { formatBytes } from '../../_ui/quantity.ts';
import { hourText } from './hour-text.ts';
import type { Overview } from './types.ts';

const ENDS: readonly ['completed' | 'failed' | 'cancelled' | 'missed', StatusIndicatorProps.Type][] = [
  ['completed', 'success'],
  ['failed', 'error'],
  ['cancelled', 'stopped'],
  ['missed', 'warning'],
];

export function RunsOfDay({ overview }: { overview: Overview }) {
  const { day } = overview;
  const data = (field: 'readBytes' | 'sentBytes') => day.hours.map((hour) => ({ x: hour.from, y: hour[field] }));
  const highest = Math.max(...day.hours.map(({ readBytes, sentBytes }) => Math.max(readBytes, sentBytes)));
  const read = day.hours.reduce((sum, { readBytes }) => sum + readBytes, 0);
  const sent = day.hours.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  return (
    <Container
      fitHeight
      header={
        <Header variant="h2" description="How they ended, and what was read at the sources and sent to AWS.">
          Runs of the last 24 hours
        </Header>
      }
    >
      <SpaceBetween size="s">
        <SpaceBetween size="m" direction="horizontal">
          {ENDS.map(([end, type]) => (
            // A count of zero gets no colour.
            <StatusIndicator key={end} type={type} {...(day[end] === 0 && { colorOverride: 'grey' as const })}>
              {day[end]} {end}
            </StatusIndicator>
          ))}
        </SpaceBetween>
        <BarChart
          series={[
            { title: 'Read', type: 'bar', data: data('readBytes'), valueFormatter: formatBytes },
            { title: 'Sent', type: 'bar', data: data('sentBytes'), valueFormatter: formatBytes },
          ]}
          xDomain={day.hours.map(({ from }) => from)}
          yDomain={[0, Math.max(1_048_576, highest)]}
          xScaleType="categorical"
          xTickFormatter={hourText}
          yTickFormatter={formatBytes}
          xTitle="Hour"
          yTitle="Bytes"
          height={160}
          hideFilter
          ariaLabel="Bytes of the last 24 hours"
          ariaDescription={`${formatBytes(read)} read, ${formatBytes(sent)} sent`}
          empty={<Box textAlign="center">No run has ended.</Box>}
        />
      </SpaceBetween>
    </Container>
  );
}
