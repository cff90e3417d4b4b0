'use client';
// The start page: whether anything needs attention, how fresh the copies are, what runs and what comes next. A new
// workspace shows its first steps instead.
import Grid from '@cloudscape-design/components/grid';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { QueryPage } from '../../_shell/query-page.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { Page } from '../../_ui/page.tsx';
import { CutoversToday } from './cutovers-today.tsx';
import { Figures } from './figures.tsx';
import { FleetLag } from './fleet-lag.tsx';
import { GettingStarted } from './getting-started.tsx';
import { NeedsAttention } from './needs-attention.tsx';
import { NextDay } from './next-day.tsx';
import { RunningNow } from './running-now.tsx';
import { RunsOfDay } from './runs-of-day.tsx';
import type { Overview } from './types.ts';

/** What is shown here changes with time alone, without any event: copies age and the next 24 hours move on. */
const MINUTE_MS = 60_000;

export function OverviewScreen() {
  const trpc = useTRPC();
  const overview = useQuery(trpc.overview.get.queryOptions(undefined, { refetchInterval: MINUTE_MS }));
  const attention = useQuery(trpc.attention.list.queryOptions(undefined, { refetchInterval: MINUTE_MS }));
  usePageShell({});
  return (
    <QueryPage title="Overview" query={overview} list={{ text: 'Overview', href: '/overview' }}>
      {(data) => (
        <Page title="Overview">
          {!data.steps.launched && <GettingStarted overview={data} />}
          {(data.begun || (attention.data?.length ?? 0) > 0) && <NeedsAttention query={attention} />}
          {data.begun && <Dashboard overview={data} />}
        </Page>
      )}
    </QueryPage>
  );
}

function Dashboard({ overview }: { overview: Overview }) {
  const half = { default: 12, s: 6 } as const;
  return (
    <SpaceBetween size="l">
      <Figures overview={overview} />
      <Grid gridDefinition={[{ colspan: half }, { colspan: half }]}>
        <RunningNow overview={overview} />
        <FleetLag overview={overview} />
      </Grid>
      <Grid gridDefinition={[{ colspan: half }, { colspan: half }]}>
        <RunsOfDay overview={overview} />
        <CutoversToday overview={overview} />
      </Grid>
      <NextDay overview={overview} />
    </SpaceBetween>
  );
}
