'use client';
// The tab Job details: the current or last run, then the settings of the job.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import {
  frequencyText,
  IMAGE_METHOD_LABELS,
  imageMethodText,
  keepImagesText,
  LICENSE_LABELS,
  licenseText,
  pauseText,
  targetText,
  VERIFICATION_LABELS,
} from '../../_forms/setting-labels.ts';
import { Can } from '../../_shell/member.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { formatCount, formatDuration, formatNumberOf, formatRate, orUnknown } from '../../_ui/quantity.ts';
import { StageBar } from '../../_ui/stage-bar.tsx';
import { Status } from '../../_ui/status.tsx';
import { Elapsed, Time } from '../../_ui/time.tsx';
import { DiskProgressTable } from '../runs/disk-progress.tsx';
import { useStartRuns } from '../runs/use-run-actions.tsx';
import { WaitingNotice } from '../runs/waiting-notice.tsx';
import { BaselineTable } from './baseline-table.tsx';
import { openRunOf, whyNotStart } from './job-rules.ts';
import { NextRun, PausedNotice } from './paused-notice.tsx';
import type { Job } from './types.ts';

export function JobDetails({ job }: { job: Job }) {
  const trpc = useTRPC();
  // The list does not carry what is known of the guest; until it comes, the settings are shown by their bare names.
  const { data: full } = useQuery(trpc.jobs.get.queryOptions({ jobId: job.id }));
  const guest = full?.guestFamily;
  return (
    <SpaceBetween size="l">
      <PausedNotice job={job} />
      <CurrentRun job={job} />
      <KeyValues
        columns={4}
        items={[
          ['Replication job id', <CopyableId key="id" id={job.id} name="replication job id" />],
          [
            'Server',
            <Link key="server" href={`/servers/${job.serverId}`}>
              {job.serverName}
            </Link>,
          ],
          ['Guest system', full?.guestName],
          ['State', <Status key="state" of="job" state={job.state} />],
          ["Latest run's status message", job.statusMessage],
          ['Latest AMI id', <CopyableId key="ami" id={job.latestImageId} name="AMI id" />],
          ['AMIs', formatNumberOf(job.imageCount, 'AMI')],
          ['Lag', <Elapsed key="lag" since={job.latestImageAt} />],
          ['Replication job type', frequencyText(job.everyHours)],
          ['First run', <Time key="seed" at={job.seedAt} exact />],
          ['Next run', <NextRun key="next" job={job} exact />],
          ['Automatic AMI deletion', keepImagesText(job.keepImages)],
          ['Verification', VERIFICATION_LABELS[job.verification ?? 'target']],
          ['When runs keep failing', job.everyHours !== null && pauseText(job.pauseAfterFailures)],
          ['Failed runs in a row', job.failuresInRow > 0 && formatCount(job.failuresInRow)],
          ['Licence', guest ? licenseText(job.license, guest) : LICENSE_LABELS[job.license]],
          ['Image method', guest ? imageMethodText(job.imageMethod, guest) : IMAGE_METHOD_LABELS[job.imageMethod]],
          [
            'Connector',
            <Link key="connector" href={`/connectors/${job.connectorId}`}>
              {job.connectorName}
            </Link>,
          ],
          ['Target', targetText(job.target)],
          ['Created', <Time key="created" at={job.createdAt} exact />],
          ['Description', orUnknown(job.description)],
        ]}
      />
      {!job.deletedAt && <BaselineTable baselines={full?.baselines} />}
    </SpaceBetween>
  );
}

/** The newest run with its stages; disks while it is under way, the fault if it failed. */
function CurrentRun({ job }: { job: Job }) {
  const { startRuns, starting } = useStartRuns();
  const { run } = job;
  if (!run) {
    return (
      <Alert type="info" statusIconAriaLabel="Info" header="No run yet">
        {job.nextRunAt ? (
          <>
            The first run starts <Time at={job.nextRunAt} />.
          </>
        ) : (
          'A run can be started at any time: Actions, Start replication run.'
        )}
      </Alert>
    );
  }
  const { status } = run;
  const open = openRunOf(job);
  const again = (
    <Can permission="run.start">
      <Button loading={starting} disabled={whyNotStart(job) !== null} onClick={() => void startRuns([job])}>
        Start again
      </Button>
    </Can>
  );
  return (
    <SpaceBetween size="m">
      {status.state === 'failed' && run.fault && <FaultCard fault={run.fault} since={run.endedAt} action={again} />}
      <WaitingNotice status={status} />
      <StageBar key={run.id} runId={run.id} state={status.state} percent={status.percent} stage={status.stage} />
      <KeyValues
        columns={4}
        items={[
          [
            open ? 'Current run' : 'Latest run',
            <Link key="run" href={`/runs/${run.id}`}>
              {run.id}
            </Link>,
          ],
          ['Run state', <Status key="state" of="run" state={status.state} detail={runDetail(job)} />],
          ['Started', <Time key="started" at={run.startedAt} />],
          ['Duration', <Elapsed key="duration" since={run.startedAt} until={run.endedAt} />],
          ...(status.state === 'active'
            ? ([
                ['Rate', status.rate > 0 ? formatRate(status.rate) : null],
                [
                  'Time left in this step',
                  status.secondsLeft === null ? null : formatDuration(status.secondsLeft * 1000),
                ],
              ] as const)
            : []),
        ]}
      />
      {open && run.progress && run.progress.disks.length > 0 && (
        <DiskProgressTable disks={run.progress.disks} label={`Disks of ${job.serverName}`} />
      )}
    </SpaceBetween>
  );
}

/** The step it is in, with its message; the reason for waiting is shown above. */
function runDetail({ run }: Job): string | null {
  if (!run) return null;
  const { status, progress } = run;
  if (status.state === 'pending') return status.waitingFor ? 'waiting' : 'queued';
  if (status.state !== 'active') return null;
  return [status.label, status.waitingFor ? 'waiting' : progress?.note].filter(Boolean).join(': ');
}
