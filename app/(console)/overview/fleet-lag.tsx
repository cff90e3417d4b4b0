'use client';
// How far the newest AMIs lie behind their servers.
import BarChart from '@cloudscape-design/components/bar-chart';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import type { Overview } from './types.ts';

const CLASSES: readonly [keyof Overview['lag'], string][] = [
  ['under1', 'Under 1 h'],
  ['under12', '1–12 h'],
  ['under24', '12–24 h'],
  ['older', 'Older'],
  ['never', 'Never'],
];

export function FleetLag({ overview }: { overview: Overview }) {
  const bars = CLASSES.map(([key, x]) => ({ x, y: overview.lag[key] }));
  const highest = Math.max(...bars.map(({ y }) => y));
  return (
    <Container
      fitHeight
      header={
        <Header variant="h2" description="Age of the newest AMI of each replication job.">
          Fleet lag
        </Header>
      }
    >
      <BarChart
        series={[{ title: 'Replication jobs', type: 'bar', data: bars }]}
        xDomain={CLASSES.map(([, x]) => x)}
        yDomain={[0, Math.max(4, highest)]}
        xScaleType="categorical"
        xTitle="Lag"
        yTitle="Replication jobs"
        yTickFormatter={(value) => (Number.isInteger(value) ? String(value) : '')}
        height={180}
        hideFilter
        hideLegend
        ariaLabel="Fleet lag"
        ariaDescription={bars.map(({ x, y }) => `${x}: ${y}`).join(', ')}
        empty={<Box textAlign="center">No replication jobs.</Box>}
      />
    </Container>
  );
}
