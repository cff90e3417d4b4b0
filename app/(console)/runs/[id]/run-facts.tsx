'use client';
// The stages of a run and its figures.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { imageMethodText, licenseText, targetText } from '../../../_forms/setting-labels.ts';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { formatBytes, formatDuration, formatRate } from '../../../_ui/quantity.ts';
import { StageBar } from '../../../_ui/stage-bar.tsx';
import { Status } from '../../../_ui/status.tsx';
import { Elapsed, Time } from '../../../_ui/time.tsx';
import { VerifiedMark } from '../../../_ui/verified-mark.tsx';
import { COPY_LABELS, TRANSPORT_LABELS, TYPE_LABELS } from '../run-labels.ts';
import type { Run } from '../types.ts';
import { copiedSoFar } from './disk-rows.ts';

export function RunFacts({ run }: { run: Run }) {
  const { status, settings } = run;
  const copied = copiedSoFar(run);
  const active = status.state === 'active';
  return (
    <Container
      fitHeight
      header={
        <Header variant="h2" actions={run.descriptor && <DescriptorButton run={run} descriptor={run.descriptor} />}>
          Progress
        </Header>
      }
    >
      <SpaceBetween size="l">
        <StageBar key={run.id} runId={run.id} state={status.state} percent={status.percent} stage={status.stage} />
        {run.note && (
          <Alert type="info" statusIconAriaLabel="Info">
            {run.note}
          </Alert>
        )}
        <KeyValues
          columns={3}
          items={[
            ['Run state', <Status key="state" of="run" state={status.state} detail={detail(run)} />],
            ['Type', TYPE_LABELS[run.type]],
            ['Scheduled for', <Time key="due" at={run.scheduledFor} exact />],
            ['Started', <Time key="started" at={run.startedAt} exact />],
            ['Duration', <Elapsed key="duration" since={run.startedAt} until={run.endedAt} />],
            ['Rate', active && (status.rate > 0 ? formatRate(status.rate) : null)],
            ['Time left in this step', active && formatDuration(status.secondsLeft && status.secondsLeft * 1000)],
            ['Type of copy', run.copyMode && COPY_LABELS[run.copyMode]],
            ['Changed at the source', formatBytes(run.changedBytes)],
            ['Read from the source', formatBytes(copied.read)],
            ['Sent to AWS', formatBytes(copied.sent)],
            ['Source snapshot', snapshotKind(run)],
            ['Point in time', <Time key="point" at={run.snapshot?.takenAt} exact />],
            ['Transport', run.transport && <Transport key="transport" run={run} transport={run.transport} />],
            ['Verified', <VerifiedMark key="verified" verified={run.verified} />],
            ['AMI', <CopyableId key="ami" id={run.imageId} name="AMI id" />],
            ['Image method', imageMethodText(run.imageMethod ?? settings.imageMethod, settings.guestFamily)],
            ['Licence', licenseText(settings.license, settings.guestFamily)],
            ['Target', targetText(settings.target)],
            [
              'Replication job',
              <Link key="job" href={`/jobs/${run.jobId}`}>
                {run.jobId}
              </Link>,
            ],
          ]}
        />
      </SpaceBetween>
    </Container>
  );
}

/** The step it is in, with its message; the reason for waiting is shown above. */
function detail({ status, progress }: Run): string | null {
  if (status.state === 'pending') return status.waitingFor ? 'waiting' : 'queued';
  if (status.state !== 'active') return null;
  return [status.label, status.waitingFor ? 'waiting' : progress?.note].filter(Boolean).join(': ');
}

function Transport({ run, transport }: { run: Run; transport: keyof typeof TRANSPORT_LABELS }) {
  return (
    <>
      <div>{TRANSPORT_LABELS[transport]}</div>
      {run.transportWhy && (
        <Box variant="small" color="text-body-secondary">
          {run.transportWhy}
        </Box>
      )}
    </>
  );
}

function snapshotKind({ snapshot }: Run): string | null {
  if (!snapshot) return null;
  if (snapshot.atRest) return 'At rest: the server was off';
  if (snapshot.quiesced) return 'Quiesced: the guest had written out its files';
  const why = snapshot.notQuiescedBecause;
  return `Crash-consistent, not quiesced${why ? `: ${why}` : ''}`;
}

/** The export's own description of the machine, for anybody who wants to see it. */
function DescriptorButton({ run, descriptor }: { run: Run; descriptor: string }) {
  function download() {
    const url = URL.createObjectURL(new Blob([descriptor], { type: 'application/xml' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${run.serverName}-${run.id}.ovf`;
    link.click();
    // By the next turn of the event loop the browser holds the bytes itself.
    setTimeout(() => URL.revokeObjectURL(url), 0);
  }
  return (
    <Button iconName="download" onClick={download}>
      Download OVF descriptor
    </Button>
  );
}
