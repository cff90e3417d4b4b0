'use client';
// The launch configuration of a job: what every launch of its AMIs begins with, and how long a rehearsed launch took.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { Can } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDelete } from '../../_ui/confirm-delete.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { formatDuration } from '../../_ui/quantity.ts';
import type { FullJob, Job } from './types.ts';

type Configuration = NonNullable<FullJob['launchConfiguration']>;

export function LaunchConfigurationTab({ job }: { job: Job }) {
  const trpc = useTRPC();
  const { data: full } = useQuery(trpc.jobs.get.queryOptions({ jobId: job.id }));
  const [clearing, setClearing] = useState(false);
  const newest = useNewestRunWithImage(job.id);
  if (!full) return <Box color="text-body-secondary">Loading…</Box>;
  const configuration = full.launchConfiguration;
  const wizard = newest && (
    <Can permission="instance.launch-test">
      <Button href={`/runs/${newest}/launch`}>{configuration ? 'Change' : 'Launch instance'}</Button>
    </Can>
  );
  return (
    <SpaceBetween size="l">
      <Header
        variant="h3"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {configuration && (
              <Can permission="job.edit">
                <Button onClick={() => setClearing(true)}>Clear</Button>
              </Can>
            )}
            {wizard}
          </SpaceBetween>
        }
      >
        Launch configuration
      </Header>
      {configuration ? (
        <Values configuration={configuration} />
      ) : (
        <Alert type="info" statusIconAriaLabel="Info" header="None yet">
          Launch an instance of one of its AMIs and leave "Save as launch configuration" checked: from then on every
          launch of {job.serverName} begins with those settings, and tests can be launched with one click.
          {full.launchDefaults &&
            ` Until then launches begin with the default launch settings from the AWS target ${full.target?.name}: subnet ${full.launchDefaults.subnetId}.`}
        </Alert>
      )}
      <KeyValues
        columns={3}
        items={[
          [
            'Rehearsed launch',
            full.rehearsed && (
              <Link key="rehearsed" href={`/instances/${full.rehearsed.launchId}`}>
                {formatDuration(full.rehearsed.seconds * 1000)} until both status checks passed
              </Link>
            ),
          ],
        ]}
      />
      {clearing && <Clear job={job} onDone={() => setClearing(false)} />}
    </SpaceBetween>
  );
}

function Values({ configuration }: { configuration: Configuration }) {
  const { publicAddress, tags, volumes } = configuration;
  return (
    <KeyValues
      columns={3}
      items={[
        ['Instance type', configuration.instanceType],
        ['Subnet', configuration.subnetId],
        ['Security groups', configuration.securityGroupIds.join(', ')],
        ['Public address', publicAddress === null ? 'Subnet default' : publicAddress ? 'Yes' : 'No'],
        ['Key pair', configuration.keyName ?? 'None'],
        ['Instance profile', configuration.instanceProfile ?? 'None'],
        ['Volumes', volumes.map(({ device, type, sizeGiB }) => `${device} ${sizeGiB} GiB ${type}`).join(', ') || null],
        ['Tags', tags.map(({ key, value }) => `${key} = ${value}`).join(', ') || "None besides Landfall's own"],
        ['User data', configuration.hasUserData ? 'Given' : 'None'],
      ]}
    />
  );
}

/** The newest run of the job whose AMI still stands; undefined while that is not known, or when there is none. */
function useNewestRunWithImage(jobId: string): string | undefined {
  const trpc = useTRPC();
  const { data } = useQuery(
    trpc.runs.list.queryOptions({
      jobId,
      page: 1,
      pageSize: 10,
      sort: { by: 'scheduledFor', descending: true },
      filter: { operation: 'and', tokens: [] },
    }),
  );
  return data?.items.find((run) => run.status.state === 'completed' && run.imageId)?.id;
}

function Clear({ job, onDone }: { job: Job; onDone: () => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const clear = useMutation(
    trpc.jobs.setLaunchConfiguration.mutationOptions({
      meta: { inline: true, repeatable: true },
      onSuccess() {
        notify({ type: 'success', header: `Launch configuration of ${job.serverName} cleared` });
        onDone();
      },
    }),
  );
  return (
    <ConfirmDelete
      title={`Clear the launch configuration of ${job.serverName}?`}
      verb="Clear"
      removed={['The settings that launches of its AMIs begin with']}
      kept={['The AMIs, and every instance that was launched']}
      busy={clear.isPending}
      fault={clear.error ? shownFault(clear.error) : null}
      onConfirm={() => clear.mutate({ jobId: job.id, configuration: null })}
      onCancel={onDone}
    />
  );
}
