'use client';
// Step 1: which servers. One job is made for each.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import TokenGroup from '@cloudscape-design/components/token-group';
import { useListTable } from '../../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../../_ui/empty-teaching.tsx';
import { formatBytes } from '../../../_ui/quantity.ts';
import { ResourceTable } from '../../../_ui/resource-table.tsx';
import type { Candidate } from '../../servers/types.ts';
import { canHaveJob, SERVER_COLUMNS } from './server-columns.tsx';

interface ServersStepProps {
  serverIds: readonly string[];
  chosen: readonly Candidate[];
  /** Wanted, but cannot have a job. */
  refused: readonly Candidate[];
  problem: string | null;
  onChange: (serverIds: string[]) => void;
}

const SHOWN_TOKENS = 12;
/** The reason why a server cannot be chosen is shown in full. */
const PREFERENCES = { wrapLines: true };

export function ServersStep({ serverIds, chosen, refused, problem, onChange }: ServersStepProps) {
  // Rows must not move while somebody chooses among them; the chosen ones are checked live beside the table.
  const { state, data, outdated, fault, onRetry } = useListTable('servers', { live: false });
  const refusedIds = refused.map(({ id }) => id);
  const remove = (gone: readonly string[]) => onChange(serverIds.filter((id) => !gone.includes(id)));

  return (
    <SpaceBetween size="l">
      {problem && (
        <Alert type="error" statusIconAriaLabel="Error">
          {problem}
        </Alert>
      )}
      {refused.length > 0 && (
        <Alert
          type="warning"
          statusIconAriaLabel="Warning"
          header={
            refused.length === 1
              ? `${refused[0]?.name} is left out`
              : `${refused.length} of the chosen servers are left out`
          }
          action={<Button onClick={() => remove(refusedIds)}>Remove from selection</Button>}
        >
          <ul className="m-0 list-disc pl-5">
            {refused.map((server) => (
              <li key={server.id}>
                <Box variant="strong">{server.name}</Box>: {server.refused}{' '}
                {server.jobId && <Link href={`/jobs/${server.jobId}`}>View replication job</Link>}
              </li>
            ))}
          </ul>
        </Alert>
      )}
      <Container
        header={
          <Header
            variant="h2"
            counter={`(${chosen.length})`}
            description="One replication job is created for each."
            actions={
              chosen.length > 1 && (
                <Button variant="link" onClick={() => onChange([])}>
                  Remove all
                </Button>
              )
            }
          >
            Chosen servers
          </Header>
        }
      >
        {chosen.length === 0 ? (
          <Box color="text-body-secondary">None yet. Choose servers in the table below.</Box>
        ) : (
          <TokenGroup
            limit={SHOWN_TOKENS}
            items={chosen.map((server) => ({
              label: server.name,
              description: formatBytes(server.diskBytes),
              dismissLabel: `Remove ${server.name}`,
            }))}
            onDismiss={({ detail }) => {
              const server = chosen[detail.itemIndex];
              if (server) remove([server.id]);
            }}
          />
        )}
      </Container>
      <ResourceTable
        variant="container"
        noun={{ one: 'server', many: 'servers' }}
        title="Server catalog"
        columns={SERVER_COLUMNS}
        state={{
          ...state,
          selectedIds: serverIds.filter((id) => !refusedIds.includes(id)),
          setSelected: (ids) => onChange([...ids, ...refusedIds]),
        }}
        preferences={PREFERENCES}
        {...{ data, outdated, fault, onRetry }}
        rowId={(server) => server.id}
        rowName={(server) => server.name}
        rowDisabled={(server) => !canHaveJob(server)}
        selection="multi"
        empty={
          <EmptyTeaching title="No servers" action={<Button href="/servers">Go to Servers</Button>}>
            The server catalog is empty. Import it first: Landfall then knows which servers the connector can see.
          </EmptyTeaching>
        }
      />
    </SpaceBetween>
  );
}
