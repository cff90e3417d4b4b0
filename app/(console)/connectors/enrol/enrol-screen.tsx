'use client';
// Adding a connector: choose the platform, get the one-time code and what to run, watch it come alive.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { parseAsString, useQueryState } from 'nuqs';
import { useState } from 'react';
import { shownFault } from '../../../_shell/faults.ts';
import { useMay } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { CopyableId } from '../../../_ui/copyable-id.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { Page } from '../../../_ui/page.tsx';
import { PageProblem } from '../../../_ui/page-problem.tsx';
import { Time } from '../../../_ui/time.tsx';
import { VM_MANAGER_TYPES } from '../connector-words.ts';
import type { EnrolmentCode } from '../types.ts';
import { Arrival } from './arrival.tsx';
import { CommandBlock } from './command-block.tsx';
import { addressProblem, deployCommand } from './deploy-command.ts';

export function EnrolScreen() {
  const mayEnrol = useMay('connector.enrol');
  usePageShell({
    breadcrumbs: [
      { text: 'Connectors', href: '/connectors' },
      { text: 'Add connector', href: '/connectors/enrol' },
    ],
  });
  if (!mayEnrol) {
    return (
      <PageProblem
        title="Only administrators add connectors"
        action={<Button href="/connectors">Go to Connectors</Button>}
      >
        Ask an administrator of the workspace for a one-time code, or to change your role.
      </PageProblem>
    );
  }
  return <Enrol />;
}

function Enrol() {
  const trpc = useTRPC();
  // Only the id of the code stands in the URL: a reload goes on watching, but the code itself is shown once.
  const [codeId, setCodeId] = useQueryState('code', parseAsString);
  const [made, setMade] = useState<EnrolmentCode | null>(null);
  const create = useMutation(
    trpc.connectors.createCode.mutationOptions({
      meta: { inline: true },
      onSuccess: (answer) => {
        setMade(answer);
        void setCodeId(answer.id);
      },
    }),
  );
  const shown = made && made.id === codeId ? made : null;
  return (
    <Page
      title="Add connector"
      description="A connector runs beside your VM manager, keeps its credentials to itself and calls out to this console."
    >
      <Container header={<Header variant="h2">1. Platform</Header>}>
        <SpaceBetween size="m">
          <RadioGroup
            value="vsphere"
            ariaLabel="Platform of the VM manager"
            items={[
              {
                value: 'vsphere',
                label: VM_MANAGER_TYPES.vsphere,
                description: 'One connector for each vCenter; it also reaches every ESXi host of it on port 443.',
              },
            ]}
          />
          {create.error && <FaultCard fault={shownFault(create.error)} />}
          {!shown && (
            <Button variant="primary" loading={create.isPending} onClick={() => create.mutate()}>
              {codeId ? 'Create another one-time code' : 'Create one-time code'}
            </Button>
          )}
        </SpaceBetween>
      </Container>
      {shown && <Deploy made={shown} />}
      {codeId && <Arrival key={codeId} codeId={codeId} codeShown={shown !== null} />}
    </Page>
  );
}

function Deploy({ made }: { made: EnrolmentCode }) {
  const [url, setUrl] = useState('');
  const [user, setUser] = useState('');
  const problem = addressProblem(made.consoleUrl);
  return (
    <Container
      header={
        <Header variant="h2" description="In a folder with Landfall, on a machine that reaches vCenter and AWS.">
          2. Deploy the connector
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Alert type="info" header="This code is shown once" statusIconAriaLabel="Info">
          <Box variant="awsui-key-label">One-time code</Box>
          <CopyableId id={made.code} name="one-time code" />
          <div>
            One connector can use it, until <Time at={made.expiresAt} exact />.
          </div>
        </Alert>
        {problem && <Alert type="warning">{problem}</Alert>}
        <ColumnLayout columns={2}>
          <FormField label="Address of vCenter" description="Used in the command below; it is not stored.">
            <Input
              value={url}
              type="url"
              placeholder="https://vcenter.example.com"
              autoComplete={false}
              spellcheck={false}
              onChange={({ detail }) => setUrl(detail.value)}
            />
          </FormField>
          <FormField label="vCenter user" description="Its role needs the privileges in docs/vcenter-role.md.">
            <Input
              value={user}
              placeholder="landfall@vsphere.local"
              autoComplete={false}
              spellcheck={false}
              onChange={({ detail }) => setUser(detail.value)}
            />
          </FormField>
        </ColumnLayout>
        <CommandBlock label="Commands that start the connector" text={deployCommand(made, { url, user })} />
        <Box color="text-body-secondary">
          The last command asks for the access key and the password where you run it; they never reach the console. The
          access key needs the rights in docs/aws-permissions.md, part “connector”.
        </Box>
      </SpaceBetween>
    </Container>
  );
}
