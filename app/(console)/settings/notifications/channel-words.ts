// What the ways of notifications are called, and where each leads.
import type { Channel, Delivery } from './types.ts';

type Kind = Channel['kind'];

export const CHANNEL_CHOICES: readonly { value: Kind; label: string; description: string }[] = [
  { value: 'email', label: 'E-mail', description: 'To one address or several, by the SMTP server of the console.' },
  { value: 'webhook', label: 'Webhook', description: 'A signed POST with JSON (Standard Webhooks), for programs.' },
  { value: 'slack', label: 'Slack', description: 'An incoming webhook of a Slack channel.' },
  { value: 'teams', label: 'Microsoft Teams', description: 'A webhook of a Teams workflow.' },
  { value: 'sns', label: 'Amazon SNS', description: 'A topic, by the sign-in of an AWS target.' },
  { value: 'eventbridge', label: 'Amazon EventBridge', description: 'A bus, by the sign-in of an AWS target.' },
];

export const labelOfKind = (kind: Kind): string => CHANNEL_CHOICES.find(({ value }) => value === kind)?.label ?? kind;

export const DESTINATIONS: Record<Kind, { label: string; constraint: string; placeholder: string }> = {
  email: {
    label: 'E-mail addresses',
    constraint: 'Separated by commas; at most 20.',
    placeholder: 'operations@example.com',
  },
  webhook: {
    label: 'Address',
    constraint: 'Its signing secret is shown once, after the channel is made.',
    placeholder: 'https://hooks.example.com/landfall',
  },
  slack: {
    label: 'Address of the incoming webhook',
    constraint: 'A secret: it is sealed, and never shown again.',
    placeholder: 'https://hooks.slack.com/services/…',
  },
  teams: {
    label: 'Address of the workflow',
    constraint: 'A secret: it is sealed, and never shown again.',
    placeholder: 'https://….logic.azure.com/workflows/…',
  },
  sns: {
    label: 'Topic',
    constraint: 'Its ARN. The sign-in of the target needs sns:Publish on it.',
    placeholder: 'arn:aws:sns:eu-central-1:123456789012:landfall',
  },
  eventbridge: {
    label: 'Bus',
    constraint: 'Its name, or its ARN. The sign-in of the target needs events:PutEvents on it.',
    placeholder: 'default',
  },
};

/** What came of an attempt, in a few words. */
export function answerText({ answerCode, answer, error }: Pick<Delivery, 'answerCode' | 'answer' | 'error'>): string {
  const said = error ?? (answerCode === null ? '' : `It answered ${answerCode}.`);
  return [said, answer].filter(Boolean).join(' ');
}
