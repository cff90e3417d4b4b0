'use client';
// One replication run: where it is, its disks, what it made, and its log, live.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Can } from '../../../_shell/member.tsx';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { QueryPage } from '../../../_shell/query-page.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { Page } from '../../../_ui/page.tsx';
import { LaunchLink } from '../launch-link.tsx';
import type { Run } from '../types.ts';
import { ConfirmCancelRuns, useStartRuns } from '../use-run-actions.tsx';
import { WaitingNotice } from '../waiting-notice.tsx';
import { ArtifactTable } from './artifact-table.tsx';
import { FindingList } from './finding-list.tsx';
import { RunDisks } from './run-disks.tsx';
import { RunFacts } from './run-facts.tsx';
import { RunLog } from './run-log.tsx';
import { StepTimeLine } from './step-time-line.tsx';

export function RunScreen({ runId }: { runId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.runs.get.queryOptions({ runId }));
  const run = query.data;
  usePageShell({
    breadcrumbs: [
      { text: 'Replication jobs', href: '/jobs' },
      ...(run ? [{ text: run.serverName, href: `/jobs/${run.jobId}` }] : []),
      { text: runId, href: `/runs/${runId}` },
    ],
  });
  return (
    <QueryPage title={runId} query={query} list={{ text: 'Runs', href: '/runs' }}>
      {(found) => <RunPage run={found} />}
    </QueryPage>
  );
}

function RunPage({ run }: { run: Run }) {
  return (
    <Page
      title={`Run of ${run.serverName}`}
      description={<CopyableId id={run.id} name="run id" />}
      actions={<RunActions run={run} />}
    >
      <Trouble run={run} />
      <WaitingNotice status={run.status} />
      <div className="grid grid-cols-1 gap-5 lg:grid-cols-[minmax(15rem,18rem)_minmax(0,1fr)]">
        <Container header={<Header variant="h2">Steps</Header>} fitHeight>
          <StepTimeLine run={run} />
        </Container>
        <RunFacts run={run} />
      </div>
      <RunDisks run={run} />
      {run.findings.length > 0 && <FindingList findings={run.findings} />}
      <ArtifactTable run={run} />
      <Container header={<Header variant="h2">Log</Header>}>
        <RunLog runId={run.id} />
      </Container>
    </Page>
  );
}

const isOpen = ({ status }: Run) => status.state === 'pending' || status.state === 'active';

function RunActions({ run }: { run: Run }) {
  const [asking, setAsking] = useState(false);
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {isOpen(run) && (
        <Can permission="run.cancel">
          <Button
            disabled={run.status.cancelling}
            disabledReason="The run is already being cancelled."
            onClick={() => setAsking(true)}
          >
            Cancel run
          </Button>
        </Can>
      )}
      <LaunchLink run={run} />
      {asking && <ConfirmCancelRuns runs={[run]} onDone={() => setAsking(false)} />}
    </SpaceBetween>
  );
}

/** The fault of a failed run, with the way to a new one. */
function Trouble({ run }: { run: Run }) {
  const router = useRouter();
  const { startRuns, starting } = useStartRuns();
  if (!run.fault || run.status.state !== 'failed') return null;
  async function again() {
    const [started] = await startRuns([{ id: run.jobId, serverName: run.serverName }]);
    if (started) router.push(`/runs/${started}`);
  }
  return (
    <FaultCard
      fault={run.fault}
      since={run.endedAt}
      action={
        <Can permission="run.start">
          <Button loading={starting} onClick={() => void again()}>
            Start again
          </Button>
        </Can>
      }
    />
  );
}
