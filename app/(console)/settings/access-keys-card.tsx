'use client';
// The way to the access keys of all members, for those who may see them.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { Can } from '../../_shell/member.tsx';

export function AccessKeysCard() {
  return (
    <Can permission="access-key.manage">
      <Container
        header={
          <Header
            variant="h2"
            description="With which the programs of members call the API. Members make them on the profile."
            actions={<Button href="/settings/access-keys">View access keys</Button>}
          >
            Access keys
          </Header>
        }
      />
    </Can>
  );
}
