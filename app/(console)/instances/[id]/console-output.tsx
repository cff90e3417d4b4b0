'use client';
// What the guest writes to its serial console. EC2 sends no events, so it is read every few seconds while the guest comes up.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../../_shell/faults.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { plainConsoleText } from '../../../_ui/console-text.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { SerialConsole } from '../../../_ui/serial-console.tsx';
import { Time } from '../../../_ui/time.tsx';
import { isBooting } from '../instance-words.ts';
import type { ShownInstance } from '../types.ts';

const READ_EVERY_MS = 3000;

export function ConsoleOutput({ instance }: { instance: ShownInstance }) {
  const trpc = useTRPC();
  /** A person pressed Refresh; what is read by itself shows no spinner. */
  const [asked, setAsked] = useState(false);
  const output = useQuery(
    trpc.instances.console.queryOptions(
      { id: instance.id },
      { refetchInterval: () => (isBooting(instance, Date.now()) ? READ_EVERY_MS : false) },
    ),
  );
  const booting = isBooting(instance, Date.now());
  const text = plainConsoleText(output.data?.text ?? '');
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={
            output.data?.at ? (
              <>
                Written <Time at={output.data.at} />
                {booting ? ' · refreshed every 3 seconds while it starts' : ''}
              </>
            ) : undefined
          }
          actions={
            <Button
              iconName="refresh"
              loading={asked && output.isFetching}
              onClick={() => {
                setAsked(true);
                void output.refetch().finally(() => setAsked(false));
              }}
              ariaLabel="Refresh console output"
            >
              Refresh
            </Button>
          }
        >
          Console output
        </Header>
      }
    >
      <SpaceBetween size="m">
        {output.error && <FaultCard tone="warning" fault={shownFault(output.error)} />}
        {text ? (
          <SerialConsole text={text} label={`Console output of ${instance.instanceId ?? instance.name}`} />
        ) : output.isPending ? (
          <StatusIndicator type="loading">Reading the console</StatusIndicator>
        ) : (
          !output.error && <Nothing booting={booting} />
        )}
      </SpaceBetween>
    </Container>
  );
}

function Nothing({ booting }: { booting: boolean }) {
  return (
    <Box color="text-body-secondary" textAlign="center" padding="l">
      <Box variant="strong">No output yet</Box>
      <Box>
        {booting
          ? 'The first lines appear here a moment after the instance has started.'
          : 'The guest has written nothing to its serial console, or EC2 has not fetched it yet.'}
      </Box>
    </Box>
  );
}
