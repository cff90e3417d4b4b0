'use client';
// Pausing and resuming replication jobs. Every answer is a message at the top of the page.
import Box from '@cloudscape-design/components/box';
import { useState } from 'react';
import { type ShownFault, shownFault } from '../../_shell/faults.ts';
import { useMutation, useOneAtATime } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDialog } from '../../_ui/confirm-dialog.tsx';
import { formatNumberOf } from '../../_ui/quantity.ts';
import { openRunOf } from './job-rules.ts';
import type { Job } from './types.ts';

/** Resumes each job, one after the other; resolves when all have been answered. */
export function useResumeJobs() {
  const trpc = useTRPC();
  const { notify, notifyFault } = useNotifications();
  const resume = useMutation(trpc.jobs.resume.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const [resumeJobs, busy] = useOneAtATime(async (jobs: readonly Pick<Job, 'id' | 'serverName'>[]): Promise<void> => {
    const done: string[] = [];
    for (const job of jobs) {
      try {
        await resume.mutateAsync({ jobId: job.id });
        done.push(job.serverName);
      } catch (error) {
        notifyFault(shownFault(error), `The replication job of ${job.serverName} was not resumed`);
      }
    }
    if (done.length === 0) return;
    notify({
      type: 'success',
      header: done.length === 1 ? `Replication job ${done[0]} resumed` : `${done.length} replication jobs resumed`,
      content:
        'Every setting is as it was. The next run starts when the schedule says; one can be started at any time.',
    });
  });
  return { resumeJobs, resuming: busy };
}

/** Says what stops and what continues, then pauses each job. Render it only while it is open. */
export function ConfirmPauseJobs({ jobs, onDone }: { jobs: readonly Job[]; onDone: () => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const pause = useMutation(trpc.jobs.pause.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const [fault, setFault] = useState<ShownFault | null>(null);
  const only = jobs.length === 1 ? jobs[0] : undefined;
  const running = jobs.filter((job) => openRunOf(job) !== null).length;

  const [confirm, busy] = useOneAtATime(async () => {
    setFault(null);
    const faults: ShownFault[] = [];
    for (const job of jobs) {
      try {
        await pause.mutateAsync({ jobId: job.id });
      } catch (error) {
        faults.push(shownFault(error));
      }
    }
    const done = jobs.length - faults.length;
    if (done > 0) {
      notify({
        type: 'success',
        header: only
          ? `Replication job ${only.serverName} paused`
          : `${formatNumberOf(done, 'replication job')} paused`,
        content: 'No run starts by itself until you resume.',
      });
    }
    if (faults[0]) setFault(faults[0]);
    else onDone();
  });

  return (
    <ConfirmDialog
      title={only ? `Pause replication job ${only.serverName}?` : `Pause ${jobs.length} replication jobs?`}
      verb="Pause"
      back="Cancel"
      busy={busy}
      fault={fault}
      onConfirm={() => void confirm()}
      onCancel={onDone}
    >
      <Sentences
        title="Rests"
        items={['The schedule: no run starts by itself. Runs missed in the meantime are not made up for.']}
      />
      <Sentences
        title="Continues"
        items={[
          ...(running > 0
            ? [
                running === 1
                  ? 'The run that is under way, to its end. To stop it, cancel it.'
                  : `The ${running} runs that are under way, to their end. To stop them, cancel them.`,
              ]
            : []),
          'Runs that you start by hand',
          'AMIs, settings and baselines stay: after resuming, the next run sends only what has changed',
        ]}
      />
    </ConfirmDialog>
  );
}

function Sentences({ title, items }: { title: string; items: readonly string[] }) {
  return (
    <div>
      <Box variant="strong">{title}</Box>
      <ul className="m-0 mt-1 list-disc pl-5">
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </div>
  );
}
