'use client';
// What an AWS target needs at AWS, for exactly what is chosen: policies to copy, templates to download, and what costs.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Header from '@cloudscape-design/components/header';
import Skeleton from '@cloudscape-design/components/skeleton';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../../server/api/root.ts';
import { shownFault } from '../../../_shell/faults.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { CodeBlock } from '../../../_ui/code-block.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { formatCount } from '../../../_ui/quantity.ts';

type Permissions = inferRouterOutputs<AppRouter>['targets']['permissions'];

export function TargetPermissions({ targetId }: { targetId: string }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.targets.permissions.queryOptions({ targetId }));
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description="The policies of what is chosen for this target, and of nothing else. Another choice changes them."
            actions={data && <Downloads templates={data.templates} />}
          >
            Permissions
          </Header>
        }
      >
        {error && !data && (
          <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />
        )}
        {!data && !error && <Skeleton height="150px" />}
        {data && <Policies permissions={data} />}
      </Container>
      {data && <Charges permissions={data} />}
    </SpaceBetween>
  );
}

function Downloads({ templates }: { templates: Permissions['templates'] }) {
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {templates.map(({ id, label, fileName, text }) => (
        <Button key={id} iconName="download" onClick={() => download(fileName, text)}>
          {label}
        </Button>
      ))}
    </SpaceBetween>
  );
}

function download(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}

function Policies({ permissions }: { permissions: Permissions }) {
  return (
    <SpaceBetween size="s">
      <Box>
        The templates make the bucket with its rules, the role of VM Import and these policies. Both ask whether bucket
        and role are there already.
      </Box>
      {!permissions.accountKnown && (
        <Alert type="info" statusIconAriaLabel="Info">
          AWS has not said yet which account this is. Put its number where it says ACCOUNT.
        </Alert>
      )}
      {permissions.policies.map(({ id, label, description, json, characters, warning }) => (
        <ExpandableSection key={id} headerText={label} headerDescription={description}>
          <SpaceBetween size="s">
            {warning && (
              <Alert type="warning" statusIconAriaLabel="Warning">
                {warning}
              </Alert>
            )}
            <CodeBlock text={json} label={label} />
            <Box variant="small">{formatCount(characters)} characters, as IAM counts them.</Box>
          </SpaceBetween>
        </ExpandableSection>
      ))}
    </SpaceBetween>
  );
}

function Charges({ permissions: { charges, free } }: { permissions: Permissions }) {
  return (
    <Container
      header={
        <Header variant="h2" description="What makes AWS count, with what is chosen. Prices are on AWS's own pages.">
          What AWS charges for
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ul aria-label="What AWS charges for" className="m-0 flex list-none flex-col gap-4 p-0">
          {charges.map(({ meter, cause, saving }) => (
            <li key={meter}>
              <Box variant="strong">{meter}</Box>
              <div>{cause}</div>
              {saving && <Box color="text-body-secondary">{saving}</Box>}
            </li>
          ))}
        </ul>
        <Box color="text-body-secondary">{free}</Box>
      </SpaceBetween>
    </Container>
  );
}
