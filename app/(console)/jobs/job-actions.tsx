'use client';
// What can be done with the selected replication jobs. Nothing for who may only read.
import ButtonDropdown, { type ButtonDropdownProps } from '@cloudscape-design/components/button-dropdown';
import { useState } from 'react';
import { useMay } from '../../_shell/member.tsx';
import { ConfirmCancelRuns, useStartRuns } from '../runs/use-run-actions.tsx';
import { ConfirmDeleteJobs } from './confirm-delete-jobs.tsx';
import type { Job } from './job-columns.tsx';
import { openRunOf, possible, whyNotCancel, whyNotDelete, whyNotStart } from './job-rules.ts';

interface JobActionsProps {
  jobs: readonly Job[];
  onDeleted?: (jobIds: readonly string[]) => void;
}

export function JobActions({ jobs, onDeleted }: JobActionsProps) {
  const mayStart = useMay('run.start');
  const mayCancel = useMay('run.cancel');
  const mayDelete = useMay('job.delete');
  const { startRuns, starting } = useStartRuns();
  // What is asked about stays the same while the list goes on living.
  const [asking, setAsking] = useState<{ what: 'cancel' | 'delete'; jobs: readonly Job[] } | null>(null);

  const start = possible(jobs, whyNotStart);
  const cancel = possible(jobs, whyNotCancel);
  const remove = possible(jobs, whyNotDelete);
  const item = (id: string, text: string, many: string, { jobs: able, why }: { jobs: Job[]; why: string | null }) => ({
    id,
    text: able.length > 1 ? `${many} (${able.length})` : text,
    disabled: why !== null,
    ...(why ? { disabledReason: why } : {}),
  });
  const items: ButtonDropdownProps.Item[] = [
    ...(mayStart ? [item('start', 'Start replication run', 'Start replication runs', start)] : []),
    ...(mayCancel ? [item('cancel', 'Cancel run', 'Cancel runs', cancel)] : []),
    ...(mayDelete ? [item('delete', 'Delete replication job', 'Delete replication jobs', remove)] : []),
  ];
  if (items.length === 0) return null;

  return (
    <>
      <ButtonDropdown
        items={items}
        loading={starting}
        disabled={jobs.length === 0}
        disabledReason="Select a replication job first."
        onItemClick={({ detail }) => {
          if (detail.id === 'start') void startRuns(start.jobs);
          else if (detail.id === 'cancel') setAsking({ what: 'cancel', jobs: cancel.jobs });
          else setAsking({ what: 'delete', jobs: remove.jobs });
        }}
      >
        Actions
      </ButtonDropdown>
      {asking?.what === 'cancel' && (
        <ConfirmCancelRuns
          runs={asking.jobs.flatMap((job) => {
            const run = openRunOf(job);
            return run ? [{ id: run.id, serverName: job.serverName }] : [];
          })}
          onDone={() => setAsking(null)}
        />
      )}
      {asking?.what === 'delete' && (
        <ConfirmDeleteJobs
          jobs={asking.jobs}
          onDone={(deleted) => {
            setAsking(null);
            if (deleted.length > 0) onDeleted?.(deleted);
          }}
        />
      )}
    </>
  );
}
