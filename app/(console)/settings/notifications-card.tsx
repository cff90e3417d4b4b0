'use client';
// The way to the notification channels.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';

export function NotificationsCard() {
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Who is told of what: by e-mail, webhook, Slack, Teams, SNS or EventBridge."
          actions={<Button href="/settings/notifications">View notifications</Button>}
        >
          Notifications
        </Header>
      }
    />
  );
}
