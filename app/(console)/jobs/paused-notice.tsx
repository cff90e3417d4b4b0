'use client';
// Why a job starts no run by itself, with the button that makes it go on.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { isPaused } from '../../../replication/model/job.ts';
import { Can } from '../../_shell/member.tsx';
import { UNKNOWN } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';
import type { Job } from './types.ts';
import { useResumeJobs } from './use-pause-actions.tsx';

/** Renders nothing unless the job is paused. */
export function PausedNotice({ job }: { job: Job }) {
  const { resumeJobs, resuming } = useResumeJobs();
  if (!isPaused(job.state)) return null;
  const byItself = job.state === 'paused-on-failure';
  return (
    <Alert
      type={byItself ? 'error' : 'info'}
      statusIconAriaLabel={byItself ? 'Error' : 'Info'}
      header={byItself ? 'The replication job paused itself' : 'The replication job is paused'}
      action={
        <Can permission="job.pause">
          <Button loading={resuming} ariaLabel={`Resume ${job.serverName}`} onClick={() => void resumeJobs([job])}>
            Resume
          </Button>
        </Can>
      }
    >
      {byItself && job.statusMessage ? `${job.statusMessage} ` : 'No run starts by itself until it is resumed. '}
      {job.pausedAt && (
        <>
          {byItself ? 'That was' : 'Paused'} <Time at={job.pausedAt} />.
        </>
      )}
    </Alert>
  );
}

/** When the next run is due; for a paused job, why it is not. */
export function NextRun({ job, exact = false }: { job: Pick<Job, 'state' | 'nextRunAt'>; exact?: boolean }) {
  return isPaused(job.state) ? <>{UNKNOWN}, paused</> : <Time at={job.nextRunAt} exact={exact} />;
}
