'use client';
// The way to the members.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';

export function MembersCard() {
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Who belongs to this workspace, with which role, and who is invited."
          actions={<Button href="/settings/members">View members</Button>}
        >
          Members
        </Header>
      }
    />
  );
}
