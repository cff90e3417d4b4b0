'use client';
// One AWS target: where it is, how it is reached and used, and what lies in it.
import Alert from '@cloudscape-design/components/alert';
import Badge from '@cloudscape-design/components/badge';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import { shownFault } from '../../../../_shell/faults.ts';
import { Can, useMember } from '../../../../_shell/member.tsx';
import { usePageShell } from '../../../../_shell/page-shell.tsx';
import { QueryPage } from '../../../../_shell/query-page.tsx';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { CopyableId } from '../../../../_ui/copyable-id.tsx';
import { FaultCard } from '../../../../_ui/fault-card.tsx';
import { KeyValues } from '../../../../_ui/key-values.tsx';
import { Page } from '../../../../_ui/page.tsx';
import { Time } from '../../../../_ui/time.tsx';
import { ENDPOINTS } from '../target-draft.ts';
import { TargetPermissions } from '../target-permissions.tsx';
import { TargetTest } from '../target-test.tsx';
import type { Target } from '../types.ts';
import { DeleteTarget } from './delete-target.tsx';
import { DistributionCard, LaunchDefaultsCard, ReplicationCard, TagsCard } from './settings-cards.tsx';
import { SignInCard } from './sign-in-card.tsx';
import { UsageCards } from './usage-cards.tsx';

export function TargetScreen({ targetId }: { targetId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.targets.get.queryOptions({ targetId }));
  const name = query.data?.name ?? targetId;
  usePageShell({
    breadcrumbs: [
      { text: 'Settings', href: '/settings' },
      { text: name, href: `/settings/targets/${targetId}` },
    ],
  });
  return (
    <QueryPage title={name} query={query} list={{ text: 'Settings', href: '/settings' }}>
      {(target) => <Details target={target} />}
    </QueryPage>
  );
}

function Details({ target }: { target: Target }) {
  const { lab } = useMember();
  return (
    <Page
      title={
        <span>
          {target.name} {lab && <Badge color="blue">Lab</Badge>}
        </span>
      }
      description={
        target.isFirst
          ? 'AWS target; jobs for which none is chosen go into it.'
          : 'AWS target: where replication jobs go.'
      }
      actions={
        target.retiredAt === null && (
          <Can permission="target.manage">
            <DeleteTarget target={target} />
            <Button variant="primary" ariaLabel="Edit AWS target" href={`/settings/targets/${target.id}/edit`}>
              Edit
            </Button>
          </Can>
        )
      }
    >
      {target.retiredAt && (
        <Alert type="info" statusIconAriaLabel="Info" header="This target was deleted">
          Nothing goes into it any more. It is kept for the jobs, runs and AMIs of before that name it. Deleted{' '}
          <Time at={target.retiredAt} />.
        </Alert>
      )}
      {target.environmentNote && !target.retiredAt && (
        <Alert type="warning" statusIconAriaLabel="Warning" header="The environment says something else">
          {target.environmentNote} Change the variables of the worker, or this target.
        </Alert>
      )}
      {target.awaitsEnvironment && (
        <Alert type="warning" statusIconAriaLabel="Warning" header="Not known in full">
          It is from before an update. Start a worker with the AWS variables set: what it lacks is read from them once.
        </Alert>
      )}
      <PlaceCard target={target} />
      <SignInCard target={target} />
      <ReplicationCard target={target} />
      <DistributionCard target={target} />
      <LaunchDefaultsCard target={target} />
      <TagsCard target={target} />
      {target.retiredAt === null && !target.awaitsEnvironment && <TargetTest targetId={target.id} />}
      <UsageCards targetId={target.id} />
      {target.retiredAt === null && !target.awaitsEnvironment && <TargetPermissions targetId={target.id} />}
    </Page>
  );
}

/** The account is asked of AWS, which may not answer. */
function PlaceCard({ target }: { target: Target }) {
  const trpc = useTRPC();
  const { data, error } = useQuery(trpc.jobs.target.queryOptions({ targetId: target.id }, { staleTime: 60_000 }));
  const account = data?.account ?? target.account;
  const asking = !data && !error && !target.account;
  return (
    <Container header={<Header variant="h2">Place</Header>}>
      <SpaceBetween size="m">
        <KeyValues
          items={[
            ['Region', target.region],
            ['Staging bucket', <CopyableId key="bucket" id={target.bucket} name="staging bucket" />],
            ['Prefix', target.prefix],
            [
              'Account',
              asking ? (
                <StatusIndicator key="asking" type="loading">
                  Asking AWS
                </StatusIndicator>
              ) : (
                <CopyableId key="account" id={account} name="account" />
              ),
            ],
            ['Partition', target.partition],
            ['Role of VM Import', target.importRole ?? 'vmimport'],
            ['Target ID', <CopyableId key="id" id={target.id} name="target id" />],
            [
              'Endpoints',
              ENDPOINTS.some((id) => target.endpoints[id]) ? (
                <div key="endpoints">
                  {ENDPOINTS.map(
                    (id) =>
                      target.endpoints[id] && <div key={id}>{`${id.toUpperCase()}: ${target.endpoints[id]}`}</div>,
                  )}
                </div>
              ) : (
                "AWS's own"
              ),
            ],
          ]}
        />
        {data?.fault && <FaultCard fault={data.fault} />}
        {error && !data && <FaultCard fault={shownFault(error)} />}
      </SpaceBetween>
    </Container>
  );
}
