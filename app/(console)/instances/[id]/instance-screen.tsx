'use client';
// One instance: its state, its status checks, what it writes to its console, what it was launched with.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { may, type Role } from '../../../../server/access/permissions.ts';
import { useMember } from '../../../_shell/member.tsx';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { QueryPage } from '../../../_shell/query-page.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { Page } from '../../../_ui/page.tsx';
import { Status } from '../../../_ui/status.tsx';
import { Time } from '../../../_ui/time.tsx';
import { mayTerminate, purposeLabel, withWords } from '../instance-words.ts';
import { TerminateInstance } from '../terminate-instance.tsx';
import type { ShownInstance } from '../types.ts';
import { ConsoleOutput } from './console-output.tsx';
import { InstanceSettings } from './instance-settings.tsx';

export function InstanceScreen({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.instances.get.queryOptions({ id }));
  const name = query.data ? nameOf(query.data) : id;
  usePageShell({
    breadcrumbs: [
      { text: 'Instances', href: '/instances' },
      { text: name, href: `/instances/${id}` },
    ],
  });
  return (
    <QueryPage title={name} query={query} list={{ text: 'Instances', href: '/instances' }}>
      {(instance) => <Instance instance={instance} />}
    </QueryPage>
  );
}

const nameOf = (instance: ShownInstance): string => instance.settings.tags.Name || instance.name;

function Instance({ instance }: { instance: ShownInstance }) {
  const role = useMember().role as Role;
  const [asking, setAsking] = useState(false);
  const { state } = instance;
  const again = may(role, 'instance.launch-test') && (
    <Button href={`/runs/${instance.runId}/launch`}>Launch again</Button>
  );
  const reason = instance.detail?.stateReason;
  return (
    <Page
      title={nameOf(instance)}
      description={instance.instanceId ?? instance.id}
      actions={
        <>
          {(state === 'terminated' || state === 'failed') && again}
          {mayTerminate(role, instance) && <Button onClick={() => setAsking(true)}>Terminate</Button>}
        </>
      }
    >
      {instance.fault && <FaultCard fault={withWords(instance.fault)} since={instance.launchedAt} />}
      {state === 'launching' && (
        <Alert type="info" statusIconAriaLabel="Info" header="EC2 has not answered yet">
          Landfall asks again until EC2 accepts or refuses the launch; this cannot start a second instance.
        </Alert>
      )}
      {state === 'terminated' && reason && (
        <Alert type="info" statusIconAriaLabel="Info" header="Why it ended">
          {reason}
        </Alert>
      )}
      <Container header={<Header variant="h2">Summary</Header>}>
        <KeyValues
          items={[
            ['State', <Status key="state" of="instance" state={state} />],
            ['System status check', <Check key="system" instance={instance} of="systemStatus" />],
            ['Instance status check', <Check key="instance" instance={instance} of="instanceStatus" />],
            ['Instance id', <CopyableId key="id" id={instance.instanceId} name="instance id" />],
            ['Private address', <Address key="private" address={instance.detail?.privateAddress} />],
            ['Public address', <Address key="public" address={instance.detail?.publicAddress} />],
            ['Purpose', purposeLabel(instance.purpose)],
            [
              'AMI',
              <Link key="image" href={`/images?q=id%3D${instance.imageId}`}>
                {instance.imageId}
              </Link>,
            ],
            ['Point in time', <Time key="at" at={instance.pointInTime} exact />],
            ['Launched by', instance.launchedBy],
            ['Launched', <Time key="launched" at={instance.launchedAt} exact />],
            instance.terminatedAt
              ? ['Ended', <Time key="ended" at={instance.terminatedAt} exact />]
              : [
                  'Replication job',
                  <Link key="job" href={`/jobs/${instance.jobId}`}>
                    {instance.jobId}
                  </Link>,
                ],
          ]}
        />
      </Container>
      {state !== 'failed' && <ConsoleOutput instance={instance} />}
      <InstanceSettings instance={instance} />
      {asking && <TerminateInstance instance={instance} onDone={() => setAsking(false)} />}
    </Page>
  );
}

function Check({ instance, of }: { instance: ShownInstance; of: 'systemStatus' | 'instanceStatus' }) {
  return (
    <Status
      of="instance-check"
      state={instance.state === 'running' ? (instance.detail?.[of] ?? 'initializing') : null}
    />
  );
}

function Address({ address }: { address: string | null | undefined }) {
  return <CopyableId id={address} name="address" />;
}
