'use client';
// Every run of one job, newest first, each with the AMI it made.
import Link from '@cloudscape-design/components/link';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { shownFault } from '../../_shell/faults.ts';
import { LIST_TABLES } from '../../_shell/list-tables.ts';
import { useTRPC } from '../../_shell/trpc.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { useTableState } from '../../_ui/table-state.ts';
import { Time } from '../../_ui/time.tsx';
import { LaunchLink } from '../runs/launch-link.tsx';
import { LaunchTest } from '../runs/launch-test.tsx';
import { RUN_COLUMNS } from '../runs/run-columns.tsx';
import type { ListedRun } from '../runs/types.ts';

const FIRST: ResourceColumn<ListedRun> = {
  id: 'scheduledFor',
  header: 'Time',
  cell: (run) => (
    <Link href={`/runs/${run.id}`}>
      <Time at={run.startedAt ?? run.scheduledFor} />
    </Link>
  ),
  width: 110,
  sort: true,
  filter: { kind: 'date' },
  isName: true,
};

const ACTION: ResourceColumn<ListedRun> = {
  id: 'action',
  header: 'Action',
  cell: (run) => (
    <div className="flex flex-wrap gap-x-3">
      <LaunchLink run={run} inRow />
      <LaunchTest run={run} />
    </div>
  ),
  width: 150,
};

/** A column of all runs, narrower: the panel must show the action without scrolling. */
function narrow(id: string, width: number, sort = true): ResourceColumn<ListedRun>[] {
  const column = RUN_COLUMNS.find((one) => one.id === id);
  if (!column) return [];
  const { sort: by, hidden: _, ...rest } = column;
  return [{ ...rest, ...(sort && by ? { sort: by } : {}), width }];
}

const COLUMNS = [
  FIRST,
  // No sorting where there is no room for the arrows. What was verified is shown below the state.
  ...narrow('copyMode', 85, false),
  ...narrow('state', 195),
  ...narrow('changed', 105, false),
  ...narrow('sent', 95, false),
  ...narrow('image', 238),
  ACTION,
  ...narrow('duration', 120),
];
/** Tells its table from the table of jobs in the address. */
const PREFIX = 'h';
const PAGE_SIZE = 10;

export function RunHistory({ jobId }: { jobId: string }) {
  const trpc = useTRPC();
  const state = useTableState({ defaultSort: LIST_TABLES.runs, prefix: PREFIX, pageSize: PAGE_SIZE });
  const runs = useQuery(trpc.runs.list.queryOptions({ ...state.query, jobId }, { placeholderData: keepPreviousData }));
  return (
    <ResourceTable
      variant="embedded"
      noun={{ one: 'run', many: 'runs' }}
      title="Run history"
      columns={COLUMNS}
      state={state}
      data={runs.data}
      outdated={runs.isPlaceholderData}
      fault={runs.error && shownFault(runs.error)}
      onRetry={() => runs.refetch()}
      rowId={(run) => run.id}
      rowName={(run) => run.id}
      empty={
        <EmptyTeaching title="No runs yet">
          The first run starts by itself when it is due. Each run yields an AMI: the first copies the disks whole, the
          next ones send what has changed.
        </EmptyTeaching>
      }
    />
  );
}
