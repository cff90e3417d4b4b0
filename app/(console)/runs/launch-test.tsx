'use client';
// A test of a run's AMI as the job's launch configuration says: one question, no wizard.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { useMay } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { newRequestId } from '../../_shell/request-id.ts';
import { useTRPC } from '../../_shell/trpc.ts';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { Time } from '../../_ui/time.tsx';
import { withWords } from '../instances/instance-words.ts';

interface TestedRun {
  id: string;
  jobId: string;
  imageId: string | null;
  startedAt: Date | null;
  status: { state: string };
}

/** Nothing while there is no AMI, nothing that says how to launch it, or no permission. */
export function LaunchTest({ run }: { run: TestedRun }) {
  const trpc = useTRPC();
  const may = useMay('instance.launch-test');
  const launchable = may && run.imageId !== null && run.status.state === 'completed';
  const { data: job } = useQuery(trpc.jobs.get.queryOptions({ jobId: run.jobId }, { enabled: launchable }));
  const [request, setRequest] = useState<string | null>(null);
  const settings = job?.launchConfiguration ?? job?.launchDefaults;
  if (!launchable || !job || !settings) return null;
  return (
    <>
      <Button
        variant="inline-link"
        ariaLabel={`Launch test from ${run.imageId}`}
        onClick={() => setRequest(newRequestId())}
      >
        Launch test
      </Button>
      {request && (
        <Ask
          run={run}
          request={request}
          type={settings.instanceType ?? 'The one that fits the server best'}
          settings={
            job.launchConfiguration ? "The job's launch configuration" : `From the AWS target ${job.target?.name}`
          }
          onDone={() => setRequest(null)}
        />
      )}
    </>
  );
}

function Ask(props: { run: TestedRun; request: string; type: string; settings: string; onDone: () => void }) {
  const { run, request, type, settings, onDone } = props;
  const trpc = useTRPC();
  const router = useRouter();
  const launch = useMutation(
    trpc.instances.launchAsConfigured.mutationOptions({
      meta: { inline: true, once: true, repeatable: true },
      onSuccess: ({ id }) => router.push(`/instances/${id}`),
    }),
  );
  const busy = launch.isPending || launch.isSuccess;
  const fault = launch.error ? shownFault(launch.error) : null;
  return (
    <Modal
      visible
      header="Launch a test?"
      closeAriaLabel="Close"
      onDismiss={onDone}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onDone}>
              Cancel
            </Button>
            <Button
              variant="primary"
              loading={busy}
              onClick={() => launch.mutate({ requestId: request, runId: run.id, purpose: 'test' })}
            >
              Launch test
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {fault && <FaultCard fault={fault.code === 'launch-refused' ? withWords(fault) : fault} />}
        <KeyValues
          columns={2}
          items={[
            ['AMI', run.imageId],
            ['Run', <Time key="at" at={run.startedAt} exact />],
            ['Instance type', type],
            ['Settings', settings],
          ]}
        />
        <Alert type="info" statusIconAriaLabel="Info">
          The source server is not touched. AWS charges for the instance and its volumes until the test is ended.
        </Alert>
      </SpaceBetween>
    </Modal>
  );
}
