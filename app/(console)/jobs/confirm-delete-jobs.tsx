'use client';
// Before replication jobs are deleted: their AMIs stay, a run under way is cancelled.
import { useState } from 'react';
import { type ShownFault, shownFault } from '../../_shell/faults.ts';
import { useMutation, useOneAtATime } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDelete } from '../../_ui/confirm-delete.tsx';
import { formatNumberOf } from '../../_ui/quantity.ts';
import { openRunOf } from './job-rules.ts';
import type { Job } from './types.ts';

interface ConfirmDeleteJobsProps {
  jobs: readonly Job[];
  /** With the ids of the jobs that are deleted now or when their run has ended. */
  onDone: (deleted: readonly string[]) => void;
}

export function ConfirmDeleteJobs({ jobs, onDone }: ConfirmDeleteJobsProps) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const remove = useMutation(trpc.jobs.delete.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const [fault, setFault] = useState<ShownFault | null>(null);
  const [deleted, setDeleted] = useState<readonly string[]>([]);

  const only = jobs.length === 1 ? jobs[0] : undefined;
  const running = jobs.filter((job) => openRunOf(job) !== null);
  const images = jobs.reduce((sum, job) => sum + job.imageCount, 0);

  const [confirm, busy] = useOneAtATime(async () => {
    setFault(null);
    const gone = [...deleted];
    let later = 0;
    let failure: ShownFault | null = null;
    for (const job of jobs) {
      if (gone.includes(job.id)) continue;
      try {
        const answer = await remove.mutateAsync({ jobId: job.id });
        gone.push(job.id);
        if (answer.deleted === 'after-run') later += 1;
      } catch (error) {
        failure ??= shownFault(error);
      }
    }
    setDeleted(gone);
    if (failure) return setFault(failure);
    notify({
      type: 'success',
      header: only ? `Replication job ${only.serverName} deleted` : `${jobs.length} replication jobs deleted`,
      content:
        later > 0
          ? `${formatNumberOf(later, 'run')} cancelled first; the job goes when the run has ended. AMIs are kept.`
          : 'Their AMIs are kept.',
    });
    onDone(gone);
  });

  return (
    <ConfirmDelete
      title={only ? `Delete replication job ${only.serverName}?` : `Delete ${jobs.length} replication jobs?`}
      verb="Delete"
      removed={[
        only ? 'The replication job and its schedule' : `The replication jobs of ${names(jobs)}, and their schedules`,
        ...(running.length > 0
          ? [
              only
                ? 'The run under way: it is cancelled first, and what it has staged is removed'
                : `The runs of ${names(running)} that are under way: they are cancelled first, and what they have staged is removed`,
            ]
          : []),
      ]}
      kept={[
        images > 0
          ? `The AMIs that were made (${images}), with their snapshots`
          : 'AMIs that were made, with their snapshots',
        only ? 'The server' : 'The servers',
        'The history of the runs',
      ]}
      typed="delete"
      busy={busy}
      fault={fault}
      onConfirm={() => void confirm()}
      onCancel={() => onDone(deleted)}
    />
  );
}

const MAX_NAMES = 5;

function names(jobs: readonly Job[]): string {
  const some = jobs.slice(0, MAX_NAMES).map(({ serverName }) => serverName);
  const more = jobs.length - some.length;
  return more > 0 ? `${some.join(', ')} and ${more} more` : some.join(', ');
}
