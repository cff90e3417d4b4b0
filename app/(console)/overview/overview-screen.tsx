'use client';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { ROLE_LABELS } from '../../../server/access/permissions.ts';
import { useMember } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { Page } from '../../_ui/page.tsx';

export function OverviewScreen() {
  const me = useMember();
  usePageShell({});
  return (
    <Page title="Overview">
      <Container header={<Header variant="h2">Your access</Header>}>
        <KeyValues
          items={[
            ['Workspace', me.workspace.name],
            ['Name', me.name],
            ['Role', ROLE_LABELS[me.role]],
          ]}
        />
      </Container>
    </Page>
  );
}
