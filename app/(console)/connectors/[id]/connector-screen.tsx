'use client';
// One connector: service settings, general health, actions, support.
import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import Grid from '@cloudscape-design/components/grid';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Can } from '../../../_shell/member.tsx';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { QueryPage } from '../../../_shell/query-page.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { Page } from '../../../_ui/page.tsx';
import { formatCount } from '../../../_ui/quantity.ts';
import { Status } from '../../../_ui/status.tsx';
import { Time } from '../../../_ui/time.tsx';
import { CheckNow, Disassociate, ImportCatalog } from '../connector-actions.tsx';
import { catalogSummary, connectorState, sentence, VM_MANAGER_TYPES } from '../connector-words.ts';
import { runsText } from '../limits-words.ts';
import { RateNow } from '../rate-now.tsx';
import type { Connector } from '../types.ts';
import { HealthChecks } from './health-checks.tsx';
import { LimitsCard } from './limits-card.tsx';

export function ConnectorScreen({ connectorId }: { connectorId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.connectors.get.queryOptions({ connectorId }));
  const name = query.data?.name ?? connectorId;
  usePageShell({
    breadcrumbs: [
      { text: 'Connectors', href: '/connectors' },
      { text: name, href: `/connectors/${connectorId}` },
    ],
  });
  return (
    <QueryPage title={name} query={query} list={{ text: 'Connectors', href: '/connectors' }}>
      {(connector) => <Details connector={connector} />}
    </QueryPage>
  );
}

function Details({ connector }: { connector: Connector }) {
  return (
    <Page title={connector.name} description={`Connector of ${connector.vmManagerUrl}`}>
      <Grid gridDefinition={[{ colspan: { default: 12, s: 8 } }, { colspan: { default: 12, s: 4 } }]}>
        <SpaceBetween size="l">
          <ServiceSettings connector={connector} />
          <LimitsCard connector={connector} />
          <GeneralHealth connector={connector} />
        </SpaceBetween>
        <SpaceBetween size="l">
          <Actions connector={connector} />
          <Support connector={connector} />
        </SpaceBetween>
      </Grid>
    </Page>
  );
}

function ServiceSettings({ connector }: { connector: Connector }) {
  return (
    <Container
      header={
        <Header variant="h2" description="Set where the connector runs, by its variables or its connector.json.">
          Service settings
        </Header>
      }
    >
      <KeyValues
        items={[
          ['Connector ID', <CopyableId key="id" id={connector.id} name="connector id" />],
          ['VM manager type', VM_MANAGER_TYPES[connector.vmManagerType]],
          ['VM manager', connector.vmManagerUrl],
          ['VM manager product', `${connector.vmManagerName} ${connector.vmManagerVersion}`.trim()],
          ['VM manager ID', <CopyableId key="manager" id={connector.vmManagerId} name="VM manager id" />],
          ['Runs on', connector.host],
          ['IP addresses', connector.addresses.join(', ')],
          ['Associated on', <Time key="on" at={connector.associatedAt} exact />],
          ['Disassociated', connector.disassociatedAt !== null && <Time key="off" at={connector.disassociatedAt} />],
        ]}
      />
    </Container>
  );
}

function GeneralHealth({ connector }: { connector: Connector }) {
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">General health</Header>}>
        <SpaceBetween size="m">
          {connector.reason && !connector.disassociatedAt && (
            <Alert type={connector.status === 'unhealthy' ? 'error' : 'info'}>{sentence(connector.reason)}</Alert>
          )}
          <KeyValues
            columns={4}
            items={[
              ['Status', <Status key="status" of="connector" state={connectorState(connector)} />],
              ['Version', connector.version],
              ['Last seen', <Time key="seen" at={connector.lastSeenAt} />],
              ['Last checked', <Time key="checked" at={connector.checkedAt} />],
            ]}
          />
        </SpaceBetween>
      </Container>
      <HealthChecks connector={connector} />
    </SpaceBetween>
  );
}

function Actions({ connector }: { connector: Connector }) {
  return (
    <Container header={<Header variant="h2">Actions</Header>}>
      <SpaceBetween size="l">
        <KeyValues
          columns={2}
          items={[
            [
              'Servers',
              <Link key="servers" href={`/servers?q=${encodeURIComponent(`connector=${connector.name}`)}`}>
                {formatCount(connector.servers)}
              </Link>,
            ],
            [
              'Replication jobs',
              <Link key="jobs" href={`/jobs?q=${encodeURIComponent(`connector=${connector.name}`)}`}>
                {formatCount(connector.jobs)}
              </Link>,
            ],
            ['Runs now', runsText(connector)],
            ['Rate now', <RateNow key="rate" connector={connector} />],
          ]}
        />
        <SpaceBetween size="xs">
          <Status
            of="catalog"
            state={connector.catalogState}
            detail={connector.catalogSummary && catalogSummary(connector.catalogSummary)}
          />
          {connector.catalogAt && (
            <div>
              Last imported <Time at={connector.catalogAt} />
            </div>
          )}
          <ImportCatalog connector={connector} />
        </SpaceBetween>
        {connector.catalogState === 'failed' && connector.catalogFault && <FaultCard fault={connector.catalogFault} />}
        <Action text="Runs every health check now instead of within the next few seconds." permission="catalog.import">
          <CheckNow connector={connector} />
        </Action>
        <Action
          text="Ends the association with this console. Possible when no replication job needs the connector any more."
          permission="connector.disassociate"
        >
          <Disassociate connector={connector} />
        </Action>
      </SpaceBetween>
    </Container>
  );
}

function Action(props: { text: string; permission: 'catalog.import' | 'connector.disassociate'; children: ReactNode }) {
  return (
    <Can permission={props.permission}>
      <SpaceBetween size="xs">
        <div>{props.text}</div>
        {props.children}
      </SpaceBetween>
    </Can>
  );
}

function Support({ connector }: { connector: Connector }) {
  const { id, name, version, host, addresses, vmManagerName, vmManagerVersion, status, reason, checks, checkedAt } =
    connector;
  const report = {
    ...{ id, name, version, host, addresses, vmManager: `${vmManagerName} ${vmManagerVersion}` },
    ...{ status, reason, lastSeenAt: connector.lastSeenAt, checkedAt, checks },
  };
  return (
    <Container header={<Header variant="h2">Support and about</Header>}>
      <SpaceBetween size="m">
        <KeyValues
          columns={1}
          items={[
            ['Connector version', version],
            ['Process', `${connector.session}. since it was enrolled`],
            ['Log', `On ${host || 'the machine of the connector'}: what the process writes to its standard output`],
          ]}
        />
        <CopyToClipboard
          variant="button"
          copyButtonText="Copy support report"
          copyButtonAriaLabel="Copy support report"
          copySuccessText="Copied"
          copyErrorText="Could not be copied"
          textToCopy={JSON.stringify(report, null, 2)}
        />
        <Link href={`/activity?q=${encodeURIComponent(`:${name}`)}`}>What people did with this connector</Link>
      </SpaceBetween>
    </Container>
  );
}
