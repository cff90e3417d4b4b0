'use client';
// How much the runs of a job copied and how long they took, below its tabs.
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Skeleton from '@cloudscape-design/components/skeleton';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import { LIST_TABLES } from '../../_shell/list-tables.ts';
import { useMember } from '../../_shell/member.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { formatNumberOf } from '../../_ui/quantity.ts';
import { CHART_RUNS, copySeries } from './copy-series.ts';

const Loading = () => <Skeleton height="280px" />;

const CopyCharts = dynamic(() => import('./copy-charts.tsx').then((module) => module.CopyCharts), {
  ssr: false,
  loading: Loading,
});

const COMPLETED = {
  operation: 'and' as const,
  tokens: [{ property: 'state', operator: '=' as const, value: 'completed' }],
};

export function CopyHistory({ jobId, serverName }: { jobId: string; serverName: string }) {
  const trpc = useTRPC();
  const zone = useMember().preferences.timeZone as string | undefined;
  const query = { page: 1, pageSize: CHART_RUNS, sort: LIST_TABLES.runs, filter: COMPLETED, jobId };
  const runs = useQuery(trpc.runs.list.queryOptions(query, { placeholderData: keepPreviousData }));
  const series = runs.data && copySeries(runs.data.items);
  // The run history reports the same failure, with a button to try again.
  if (runs.error && !runs.data) return null;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={
            series && series.leftOut > 0
              ? `The bars leave out ${formatNumberOf(series.leftOut, 'full copy', 'full copies')}, beside which the others could not be seen.`
              : `The last ${CHART_RUNS} completed runs.`
          }
        >
          Changes and durations
        </Header>
      }
    >
      {!series && <Loading />}
      {series && series.runs.length === 0 && (
        <Box color="text-body-secondary">
          Nothing to show yet: every completed run will appear here with what was sent and how long it took.
        </Box>
      )}
      {series && series.runs.length > 0 && <CopyCharts series={series} serverName={serverName} zone={zone} />}
    </Container>
  );
}
