'use client';
// The tabs of a replication job, in the panel below the table and on the page of the job. Which one is open stands in the URL.
import Tabs from '@cloudscape-design/components/tabs';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { JobDetails } from './job-details.tsx';
import { LaunchConfigurationTab } from './launch-configuration.tsx';
import { RunHistory } from './run-history.tsx';
import type { Job } from './types.ts';

const TABS = ['details', 'history', 'launch'] as const;

export function JobTabs({ job, container = false }: { job: Job; container?: boolean }) {
  const [tab, setTab] = useQueryState('tab', parseAsStringLiteral(TABS).withDefault('details'));
  return (
    <Tabs
      variant={container ? 'container' : 'default'}
      ariaLabel={`Replication job of ${job.serverName}`}
      activeTabId={tab}
      onChange={({ detail }) => void setTab(TABS.find((id) => id === detail.activeTabId) ?? 'details')}
      tabs={[
        { id: 'details', label: 'Job details', content: <JobDetails key={job.id} job={job} /> },
        { id: 'history', label: 'Run history', content: <RunHistory key={job.id} jobId={job.id} /> },
        { id: 'launch', label: 'Launch configuration', content: <LaunchConfigurationTab key={job.id} job={job} /> },
      ]}
    />
  );
}
