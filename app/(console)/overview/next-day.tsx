'use client';
// The replication runs of this hour and the 23 after it: how many in which, and the first of them by name.
import BarChart from '@cloudscape-design/components/bar-chart';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Grid from '@cloudscape-design/components/grid';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import { formatCount } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';
import { hourText } from './hour-text.ts';
import type { Overview } from './types.ts';

export function NextDay({ overview }: { overview: Overview }) {
  const { total, hours, next } = overview.upcoming;
  return (
    <Container
      header={
        <Header variant="h2" counter={`(${formatCount(total)})`} description="Replication runs as the schedules say.">
          Next 24 hours
        </Header>
      }
    >
      {total === 0 ? (
        <Box color="text-body-secondary">No replication run is scheduled within the next 24 hours.</Box>
      ) : (
        <Grid gridDefinition={[{ colspan: { default: 12, s: 7 } }, { colspan: { default: 12, s: 5 } }]}>
          <Hours hours={hours} />
          <ul className="m-0 flex list-none flex-col gap-1 p-0" aria-label="Next replication runs">
            {next.map((run) => (
              <li key={`${run.jobId}-${run.at.getTime()}`} className="flex flex-wrap justify-between gap-x-4">
                <Link href={`/jobs/${run.jobId}`}>{run.serverName}</Link>
                <span>
                  <Time at={run.at} />
                  <Box variant="small" display="inline">
                    {' '}
                    · {run.everyHours === null ? 'once' : `every ${run.everyHours} h`}
                  </Box>
                </span>
              </li>
            ))}
          </ul>
        </Grid>
      )}
    </Container>
  );
}

function Hours({ hours }: { hours: Overview['upcoming']['hours'] }) {
  const bars = hours.map(({ from, count }) => ({ x: from, y: count }));
  return (
    <BarChart
      series={[{ title: 'Replication runs', type: 'bar', data: bars }]}
      xDomain={bars.map(({ x }) => x)}
      yDomain={[0, Math.max(4, ...bars.map(({ y }) => y))]}
      xScaleType="categorical"
      xTickFormatter={hourText}
      xTitle="Hour"
      yTitle="Replication runs"
      yTickFormatter={(value) => (Number.isInteger(value) ? String(value) : '')}
      height={160}
      hideFilter
      hideLegend
      ariaLabel="Replication runs of the next 24 hours"
      ariaDescription={bars.flatMap(({ x, y }) => (y > 0 ? `${hourText(x)}: ${y}` : [])).join(', ')}
      empty={<Box textAlign="center">Nothing is scheduled.</Box>}
    />
  );
}
