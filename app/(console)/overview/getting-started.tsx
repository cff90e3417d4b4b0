'use client';
// The first visit: connect, import, replicate, launch. What is done is ticked, and the next step has its button.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';
import { Can, useMember } from '../../_shell/member.tsx';
import { ReplicateSmallest } from './replicate-smallest.tsx';
import type { Overview } from './types.ts';

interface Step {
  title: string;
  done: boolean;
  text: string;
  action: ReactNode;
}

export function GettingStarted({ overview }: { overview: Overview }) {
  const { lab } = useMember();
  const { steps, catalog } = overview;
  const all: Step[] = [
    {
      title: 'Connect',
      done: steps.connected,
      text: 'A connector beside your VM manager finds its servers and reads their disks. It only calls out: no inbound port is opened.',
      action: (
        <Can permission="connector.enrol">
          <Button href="/connectors/enrol">Add connector</Button>
        </Can>
      ),
    },
    {
      title: 'Import',
      done: steps.imported,
      text:
        catalog === 'importing'
          ? 'The server catalog is being imported.'
          : 'The server catalog lists what the VM manager holds, and what stands in the way of each server.',
      action: (
        <Can permission="catalog.import">
          <Button href="/servers">Go to the server catalog</Button>
        </Can>
      ),
    },
    {
      title: 'Replicate',
      done: steps.replicated,
      text: 'A replication job copies a server into AWS, without an agent in the guest, and makes an AMI in every run.',
      action: (
        <Can permission="job.create">
          <Button href="/servers">Choose servers</Button>
        </Can>
      ),
    },
    {
      title: 'Launch',
      done: steps.launched,
      text: 'Launch an AMI as often as you like: first as a test, then for good.',
      action: <Button href="/images">View AMIs</Button>,
    },
  ];
  const at = all.findIndex((step) => !step.done);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="From your data center to a running instance in four steps."
          actions={lab && !steps.replicated && <ReplicateSmallest overview={overview} />}
        >
          Getting started
        </Header>
      }
    >
      <ol
        className="m-0 grid list-none grid-cols-1 gap-6 p-0 sm:grid-cols-2 xl:grid-cols-4"
        aria-label="Getting started"
      >
        {all.map((step, index) => (
          <li key={step.title} {...(index === at ? { 'aria-current': 'step' as const } : {})}>
            <SpaceBetween size="xs">
              <StatusIndicator type={step.done ? 'success' : index === at ? 'in-progress' : 'pending'}>
                {index + 1}. {step.title}: {step.done ? 'done' : index === at ? 'next' : 'later'}
              </StatusIndicator>
              <Box color="text-body-secondary">{step.text}</Box>
              {index === at && step.action}
            </SpaceBetween>
          </li>
        ))}
      </ol>
    </Container>
  );
}
