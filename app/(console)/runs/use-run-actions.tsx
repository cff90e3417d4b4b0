'use client';
// What can be done with runs: starting one of a job, cancelling one. Every answer is a message at the top of the page.
import { useState } from 'react';
import { type ShownFault, shownFault } from '../../_shell/faults.ts';
import { useMutation, useOneAtATime } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDelete } from '../../_ui/confirm-delete.tsx';
import { formatNumberOf } from '../../_ui/quantity.ts';

/** Starts a run of each job, one after the other; resolves when all have been answered. */
export function useStartRuns() {
  const trpc = useTRPC();
  const { notify, notifyFault } = useNotifications();
  const start = useMutation(trpc.jobs.startRun.mutationOptions({ meta: { inline: true } }));
  const [startRuns, busy] = useOneAtATime(async (jobs: readonly { id: string; serverName: string }[]) => {
    const started: string[] = [];
    for (const job of jobs) {
      try {
        started.push((await start.mutateAsync({ jobId: job.id })).runId);
      } catch (error) {
        notifyFault(shownFault(error), `No replication run of ${job.serverName} was started`);
      }
    }
    const [first] = started;
    if (first) {
      notify({
        type: 'success',
        header: started.length === 1 ? 'Replication run started' : `${started.length} replication runs started`,
        content: jobs.length === 1 ? jobs[0]?.serverName : undefined,
        action:
          started.length === 1 ? { text: 'View run', href: `/runs/${first}` } : { text: 'View runs', href: '/runs' },
      });
    }
    return started;
  });
  return { startRuns, starting: busy };
}

export interface CancellableRun {
  id: string;
  serverName: string;
}

/** Asks, then cancels each run. Render it only while it is open. */
export function ConfirmCancelRuns({ runs, onDone }: { runs: readonly CancellableRun[]; onDone: () => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const cancel = useMutation(trpc.runs.cancel.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const [fault, setFault] = useState<ShownFault | null>(null);
  const one = runs.length === 1;

  const [confirm, busy] = useOneAtATime(async () => {
    setFault(null);
    const failures: ShownFault[] = [];
    for (const run of runs) {
      try {
        await cancel.mutateAsync({ runId: run.id });
      } catch (error) {
        failures.push(shownFault(error));
      }
    }
    const done = runs.length - failures.length;
    if (done > 0) {
      notify({
        type: 'success',
        header: done === 1 ? 'Cancelling the replication run' : `Cancelling ${formatNumberOf(done, 'replication run')}`,
        content: 'It stops at the next safe point; what it made in the data center and in AWS is removed.',
      });
    }
    if (failures[0]) setFault(failures[0]);
    else onDone();
  });

  return (
    <ConfirmDelete
      title={one ? `Cancel the replication run of ${runs[0]?.serverName}?` : `Cancel ${runs.length} replication runs?`}
      verb={one ? 'Cancel run' : 'Cancel runs'}
      back={one ? 'Keep running' : 'Keep them running'}
      removed={[
        'What was copied so far: the staged disks and unfinished EBS snapshots',
        'The snapshot that the run took of the server, in its VM manager',
      ]}
      kept={['The replication job and its schedule', 'The AMIs of earlier runs', 'The server']}
      busy={busy}
      fault={fault}
      onConfirm={() => void confirm()}
      onCancel={onDone}
    />
  );
}
