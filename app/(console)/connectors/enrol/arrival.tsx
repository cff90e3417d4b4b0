'use client';
// Watches for the connector that uses a code, and then its first health report. Events bring the news.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import LiveRegion from '@cloudscape-design/components/live-region';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import { shownFault } from '../../../_shell/faults.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { Status } from '../../../_ui/status.tsx';
import { HealthChecks } from '../[id]/health-checks.tsx';
import { ImportCatalog } from '../connector-actions.tsx';
import { connectorState, sentence } from '../connector-words.ts';

export function Arrival({ codeId, codeShown }: { codeId: string; codeShown: boolean }) {
  const trpc = useTRPC();
  const result = useQuery(trpc.connectors.codeResult.queryOptions({ codeId }));
  const connectorId = result.data?.connectorId ?? null;
  return (
    <Container header={<Header variant="h2">3. Wait for it to connect</Header>}>
      {result.error && !result.data ? (
        <FaultCard fault={shownFault(result.error)} />
      ) : connectorId ? (
        <Arrived connectorId={connectorId} />
      ) : result.data?.expired ? (
        <StatusIndicator type="stopped">The code has expired. Create another one.</StatusIndicator>
      ) : (
        <SpaceBetween size="s">
          <LiveRegion>
            <StatusIndicator type="pending">Waiting for the connector to use the code</StatusIndicator>
          </LiveRegion>
          <Box color="text-body-secondary">
            {codeShown
              ? 'This updates within a second of the connector’s first call. You may leave the page: the connector then appears in the list.'
              : 'The code was shown once and is kept nowhere. If you have lost it, create another one; this one expires by itself.'}
          </Box>
        </SpaceBetween>
      )}
    </Container>
  );
}

function Arrived({ connectorId }: { connectorId: string }) {
  const trpc = useTRPC();
  const { data: connector, error } = useQuery(trpc.connectors.get.queryOptions({ connectorId }));
  if (error && !connector) return <FaultCard fault={shownFault(error)} />;
  if (!connector) return <StatusIndicator type="loading">Reading the connector</StatusIndicator>;
  return (
    <SpaceBetween size="l">
      <LiveRegion>
        <Alert
          type={connector.status === 'healthy' ? 'success' : connector.status === 'waiting' ? 'info' : 'warning'}
          header={
            connector.status === 'healthy'
              ? `Connector ${connector.name} is enrolled and healthy`
              : connector.status === 'waiting'
                ? `Connector ${connector.name} is enrolled; its first health report comes within seconds`
                : `Connector ${connector.name} is enrolled, but not healthy yet`
          }
        >
          {connector.reason && connector.status === 'unhealthy' ? sentence(connector.reason) : 'Next: see its servers.'}
        </Alert>
      </LiveRegion>
      <KeyValues
        items={[
          ['Status', <Status key="status" of="connector" state={connectorState(connector)} />],
          ['VM manager', connector.vmManagerUrl],
          ['Runs on', connector.host],
        ]}
      />
      <HealthChecks connector={connector} />
      <SpaceBetween direction="horizontal" size="xs">
        <ImportCatalog connector={connector} />
        <Button href="/servers">Go to Servers</Button>
        <Button href={`/connectors/${connector.id}`}>View connector</Button>
      </SpaceBetween>
    </SpaceBetween>
  );
}
