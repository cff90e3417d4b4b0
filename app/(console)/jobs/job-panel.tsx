'use client';
// The panel below the table: one job with its tabs, or what several selected ones have in common.
import SpaceBetween from '@cloudscape-design/components/space-between';
import SplitPanel from '@cloudscape-design/components/split-panel';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { Status } from '../../_ui/status.tsx';
import { RunProgressCell } from '../runs/run-progress-cell.tsx';
import { JobTabs } from './job-tabs.tsx';
import type { Job } from './types.ts';

export function JobPanel({ jobs }: { jobs: readonly Job[] }) {
  const [only] = jobs;
  if (jobs.length === 1 && only) {
    return (
      <SplitPanel header={only.serverName} hidePreferencesButton>
        <JobTabs job={only} />
      </SplitPanel>
    );
  }
  return (
    <SplitPanel header={`${jobs.length} replication jobs selected`} hidePreferencesButton>
      <SpaceBetween size="m">
        <div>Select a single one for its details and its run history.</div>
        <AdaptiveTable<Job>
          variant="embedded"
          trackBy="id"
          items={jobs}
          ariaLabels={{ tableLabel: 'Selected replication jobs' }}
          columnDefinitions={[
            { id: 'server', header: 'Server', cell: (job) => job.serverName, isRowHeader: true, minWidth: 160 },
            { id: 'state', header: 'State', cell: (job) => <Status of="job" state={job.state} />, minWidth: 120 },
            {
              id: 'progress',
              header: 'Stage and progress',
              cell: (job) => <RunProgressCell run={job.run} />,
              minWidth: 260,
            },
          ]}
        />
      </SpaceBetween>
    </SplitPanel>
  );
}
