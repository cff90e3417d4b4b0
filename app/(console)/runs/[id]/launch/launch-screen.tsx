'use client';
// The wizard that launches an instance of the AMI of a run. AWS is asked once; its options do not change after that.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import { shownFault } from '../../../../_shell/faults.ts';
import { useMay } from '../../../../_shell/member.tsx';
import { usePageShell } from '../../../../_shell/page-shell.tsx';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { FaultCard } from '../../../../_ui/fault-card.tsx';
import { Page } from '../../../../_ui/page.tsx';
import { PageProblem } from '../../../../_ui/page-problem.tsx';

const LaunchWizard = dynamic(() => import('./launch-wizard.tsx').then((module) => module.LaunchWizard), {
  ssr: false,
  loading: () => <Asking />,
});

interface LaunchScreenProps {
  runId: string;
  serverName: string;
  jobId: string | null;
}

export function LaunchScreen({ runId, serverName, jobId }: LaunchScreenProps) {
  usePageShell({
    breadcrumbs: [
      { text: 'Replication jobs', href: '/jobs' },
      ...(jobId ? [{ text: serverName, href: `/jobs/${jobId}` }] : []),
      { text: 'Launch instance', href: `/runs/${runId}/launch` },
    ],
  });
  return useMay('instance.launch-test') ? <Launch runId={runId} /> : <MayNotLaunch />;
}

function Launch({ runId }: { runId: string }) {
  const trpc = useTRPC();
  const choices = useQuery(
    trpc.instances.choices.queryOptions(
      { runId },
      { staleTime: Number.POSITIVE_INFINITY, gcTime: 0, meta: { live: false } },
    ),
  );
  if (choices.data) return <LaunchWizard choices={choices.data} onRefresh={() => void choices.refetch()} />;
  if (!choices.error) return <Asking />;
  const fault = shownFault(choices.error);
  return (
    <Page title="Launch instance">
      <FaultCard
        fault={fault}
        action={
          fault.code === 'not-found' || fault.code === 'conflict' ? (
            <Button href="/images">View AMIs</Button>
          ) : (
            <Button loading={choices.isFetching} onClick={() => void choices.refetch()}>
              Try again
            </Button>
          )
        }
      />
    </Page>
  );
}

function Asking() {
  return (
    <Page title="Launch instance">
      <Container>
        <div className="min-h-80">
          <StatusIndicator type="loading">Asking AWS what fits this AMI</StatusIndicator>
        </div>
      </Container>
    </Page>
  );
}

function MayNotLaunch() {
  return (
    <PageProblem
      title="Your role cannot launch instances"
      action={
        <Button variant="primary" href="/images">
          View AMIs
        </Button>
      }
    >
      You can look at everything. Operators can launch tests; cutover managers and administrators can also launch for
      good. Ask an administrator of the workspace for another role.
    </PageProblem>
  );
}
