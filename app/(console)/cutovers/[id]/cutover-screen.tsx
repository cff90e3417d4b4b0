'use client';
// One cutover: the clock, what it asks, its steps, what was checked, and what people say; live.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import { useQuery } from '@tanstack/react-query';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { QueryPage } from '../../../_shell/query-page.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { plainConsoleText } from '../../../_ui/console-text.ts';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { Page } from '../../../_ui/page.tsx';
import { SerialConsole } from '../../../_ui/serial-console.tsx';
import { Status } from '../../../_ui/status.tsx';
import { Time } from '../../../_ui/time.tsx';
import { CheckList } from '../check-list.tsx';
import { CutoverStatus } from '../cutover-status.tsx';
import type { Cutover } from '../types.ts';
import { Comments } from './comments.tsx';
import { CutoverActions } from './cutover-actions.tsx';
import { Downtime } from './downtime.tsx';
import { QuestionCard } from './question-card.tsx';
import { StepColumn } from './step-column.tsx';

export function CutoverScreen({ cutoverId }: { cutoverId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.cutovers.get.queryOptions({ cutoverId }));
  const title = query.data ? `Cutover of ${query.data.serverName}` : cutoverId;
  usePageShell({
    breadcrumbs: [
      { text: 'Cutovers', href: '/cutovers' },
      { text: query.data?.serverName ?? cutoverId, href: `/cutovers/${cutoverId}` },
    ],
  });
  return (
    <QueryPage title={title} query={query} list={{ text: 'Cutovers', href: '/cutovers' }}>
      {(cutover) => (
        <Page
          title={title}
          description={<CopyableId id={cutover.id} name="cutover id" />}
          actions={<CutoverActions cutover={cutover} />}
        >
          <QuestionCard cutover={cutover} />
          <div className="grid grid-cols-1 gap-5 lg:grid-cols-[minmax(18rem,24rem)_minmax(0,1fr)]">
            <Downtime cutover={cutover} arrivedAt={query.dataUpdatedAt} />
            <Summary cutover={cutover} />
          </div>
          <Container header={<Header variant="h2">Steps</Header>}>
            <StepColumn cutover={cutover} />
          </Container>
          {cutover.instanceChecks.length > 0 && (
            <Container header={<Header variant="h2">Checks of the instance</Header>}>
              <CheckList checks={cutover.instanceChecks} label="Checks of the instance" />
            </Container>
          )}
          {cutover.consoleOutput && (
            <Container header={<Header variant="h2">Console output</Header>}>
              <SerialConsole
                text={plainConsoleText(cutover.consoleOutput)}
                label={`Console output of ${cutover.instance?.instanceId ?? cutover.serverName}`}
              />
            </Container>
          )}
          <Container
            header={
              <Header
                variant="h2"
                description={cutover.state === 'planned' ? 'As they are now.' : 'As they were when it began.'}
              >
                Checks before the cutover
              </Header>
            }
          >
            {cutover.checks.length > 0 ? (
              <CheckList checks={cutover.checks} label="Checks before the cutover" />
            ) : (
              'Nothing has been checked.'
            )}
          </Container>
          <Comments cutover={cutover} />
        </Page>
      )}
    </QueryPage>
  );
}

function Summary({ cutover }: { cutover: Cutover }) {
  const { run, instance, options } = cutover;
  return (
    <Container header={<Header variant="h2">Summary</Header>} fitHeight>
      <KeyValues
        items={[
          ['State', <CutoverStatus key="state" cutover={cutover} />],
          cutover.startedAt
            ? ['Started', <Time key="started" at={cutover.startedAt} exact />]
            : [
                'Starts',
                cutover.startAt ? (
                  <Time key="at" at={cutover.startAt} exact />
                ) : cutover.over ? null : (
                  'When started by hand'
                ),
              ],
          ['Planned by', cutover.createdBy],
          ['Started by', cutover.startedBy],
          [
            'Replication job',
            <Link key="job" href={`/jobs/${cutover.jobId}`}>
              {cutover.jobId}
            </Link>,
          ],
          [
            'Final run',
            run && (
              <Link key="run" href={`/runs/${run.id}`}>
                {run.id}
              </Link>
            ),
          ],
          [
            'Final AMI',
            run?.imageId && (
              <Link key="image" href={`/images?q=id%3D${run.imageId}`}>
                {run.imageId}
              </Link>
            ),
          ],
          [
            'Instance',
            instance && (
              <Link key="instance" href={`/instances/${instance.id}`}>
                {instance.instanceId ?? instance.id}
              </Link>
            ),
          ],
          ['Instance state', instance && <Status key="instance-state" of="instance" state={instance.state} />],
          [
            'Address',
            <CopyableId key="address" id={instance?.publicAddress ?? instance?.privateAddress} name="address" />,
          ],
          ['Source', options.touchSource ? `Shut down, within ${options.shutdownMinutes} min` : 'Not touched'],
          ['Checks', `Within ${options.checkMinutes} min${options.tcp ? `, TCP port ${options.tcp.port}` : ''}`],
          ['Console text', options.consoleText],
          cutover.endedAt ? ['Ended', <Time key="ended" at={cutover.endedAt} exact />] : ['Ended', null],
        ]}
      />
    </Container>
  );
}
