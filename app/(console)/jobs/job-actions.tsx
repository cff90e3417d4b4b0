'use client';
// What can be done with the selected replication jobs. Renders nothing for members who may only read.
import ButtonDropdown, { type ButtonDropdownProps } from '@cloudscape-design/components/button-dropdown';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useMay } from '../../_shell/member.tsx';
import { planHref } from '../cutovers/cutover-status.tsx';
import { ConfirmCancelRuns, useStartRuns } from '../runs/use-run-actions.tsx';
import { ConfirmDeleteJobs } from './confirm-delete-jobs.tsx';
import {
  openRunOf,
  possible,
  whyNotCancel,
  whyNotCutOver,
  whyNotDelete,
  whyNotEdit,
  whyNotPause,
  whyNotResume,
  whyNotStart,
} from './job-rules.ts';
import type { Job } from './types.ts';
import { ConfirmPauseJobs, useResumeJobs } from './use-pause-actions.tsx';

interface JobActionsProps {
  jobs: readonly Job[];
  onDeleted?: (jobIds: readonly string[]) => void;
}

export function JobActions({ jobs, onDeleted }: JobActionsProps) {
  const router = useRouter();
  const mayStart = useMay('run.start');
  const mayCancel = useMay('run.cancel');
  const mayPause = useMay('job.pause');
  const mayEdit = useMay('job.edit');
  const mayDelete = useMay('job.delete');
  const mayCutOver = useMay('cutover.plan');
  const { startRuns, starting } = useStartRuns();
  const { resumeJobs, resuming } = useResumeJobs();
  // The question keeps its subject while the list updates.
  const [asking, setAsking] = useState<{ what: 'cancel' | 'pause' | 'delete'; jobs: readonly Job[] } | null>(null);

  const start = possible(jobs, whyNotStart);
  const cancel = possible(jobs, whyNotCancel);
  const pause = possible(jobs, whyNotPause);
  const resume = possible(jobs, whyNotResume);
  const edit =
    jobs.length > 1 ? { jobs: [], why: 'Select a single replication job to edit it.' } : possible(jobs, whyNotEdit);
  const remove = possible(jobs, whyNotDelete);
  const cutOver =
    jobs.length > 1 ? { jobs: [], why: 'Select a single replication job to cut over.' } : possible(jobs, whyNotCutOver);
  const item = (id: string, text: string, many: string, { jobs: able, why }: { jobs: Job[]; why: string | null }) => ({
    id,
    text: able.length > 1 ? `${many} (${able.length})` : text,
    disabled: why !== null,
    ...(why ? { disabledReason: why } : {}),
  });
  const items: ButtonDropdownProps.Item[] = [
    ...(mayStart ? [item('start', 'Start replication run', 'Start replication runs', start)] : []),
    ...(mayCancel ? [item('cancel', 'Cancel run', 'Cancel runs', cancel)] : []),
    ...(mayPause
      ? [
          item('pause', 'Pause replication job', 'Pause replication jobs', pause),
          item('resume', 'Resume replication job', 'Resume replication jobs', resume),
        ]
      : []),
    ...(mayEdit ? [item('edit', 'Edit replication job', 'Edit replication job', edit)] : []),
    ...(mayCutOver ? [item('cut-over', 'Cut over', 'Cut over', cutOver)] : []),
    ...(mayDelete ? [item('delete', 'Delete replication job', 'Delete replication jobs', remove)] : []),
  ];
  if (items.length === 0) return null;

  function act(id: string) {
    if (id === 'start') void startRuns(start.jobs);
    else if (id === 'resume') void resumeJobs(resume.jobs);
    else if (id === 'edit') router.push(`/jobs/${edit.jobs[0]?.id}/edit`);
    else if (id === 'cut-over') router.push(planHref(cutOver.jobs[0]?.id));
    else if (id === 'cancel') setAsking({ what: 'cancel', jobs: cancel.jobs });
    else if (id === 'pause') setAsking({ what: 'pause', jobs: pause.jobs });
    else setAsking({ what: 'delete', jobs: remove.jobs });
  }

  return (
    <>
      <ButtonDropdown
        items={items}
        loading={starting || resuming}
        disabled={jobs.length === 0}
        disabledReason="Select a replication job first."
        onItemClick={({ detail }) => act(detail.id)}
      >
        Actions
      </ButtonDropdown>
      {asking?.what === 'pause' && <ConfirmPauseJobs jobs={asking.jobs} onDone={() => setAsking(null)} />}
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
