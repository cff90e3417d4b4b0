'use client';
// The replication runs that are under way.
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { formatCount, formatDuration, formatNumberOf, formatRate } from '../../_ui/quantity.ts';
import { StageBar } from '../../_ui/stage-bar.tsx';
import { Elapsed } from '../../_ui/time.tsx';
import type { Overview } from './types.ts';

export function RunningNow({ overview }: { overview: Overview }) {
  const { total, queued, items } = overview.running;
  return (
    <Container
      fitHeight
      header={
        <Header variant="h2" counter={`(${formatCount(total)})`}>
          Running now
        </Header>
      }
      footer={
        (total > items.length || queued > 0) && (
          <SpaceBetween direction="horizontal" size="m">
            {total > items.length && <Link href="/runs?q=state%3Dactive">All active runs</Link>}
            {queued > 0 && <Link href="/runs?q=state%3Dpending">{formatNumberOf(queued, 'run')} queued</Link>}
          </SpaceBetween>
        )
      }
    >
      {items.length === 0 ? (
        <Box color="text-body-secondary">No replication run is under way.</Box>
      ) : (
        <ul className="m-0 flex list-none flex-col gap-4 p-0" aria-label="Running now">
          {items.map((run) => (
            <li key={run.id}>
              <div className="mb-1 flex flex-wrap items-baseline justify-between gap-x-4">
                <Link href={`/runs/${run.id}`}>{run.serverName}</Link>
                <Box variant="small">
                  {run.status.label}
                  {run.status.rate > 0 && ` · ${formatRate(run.status.rate)}`}
                  {run.status.secondsLeft !== null && ` · ${formatDuration(run.status.secondsLeft * 1000)} left`}
                  {run.startedAt && (
                    <>
                      {' '}
                      · for <Elapsed since={run.startedAt} />
                    </>
                  )}
                </Box>
              </div>
              <StageBar runId={run.id} state={run.status.state} percent={run.status.percent} stage={run.status.stage} />
              {run.status.waitingFor && <Box variant="small">{run.status.waitingFor}</Box>}
            </li>
          ))}
        </ul>
      )}
    </Container>
  );
}
