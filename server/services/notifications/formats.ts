// A message in the form that each receiver documents. Pure.
import { createHmac } from 'node:crypto';
import type { NotificationMessage } from '../../../db/schema/index.ts';
import type { AwsEvent } from '../cloud/announce.ts';

const SLACK_HEADER = 150;
const SLACK_TEXT = 3000;

/** The body of a signed webhook: type, timestamp and data, as Standard Webhooks has it. */
export function webhookBody(message: NotificationMessage): string {
  const { kind, at, ...data } = message;
  return JSON.stringify({ type: kind, timestamp: at, data });
}

/**
 * The headers that sign a body by Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body.
 * @param secret `whsec_` and the key in base64
 */
export function signatureOf(secret: string, id: string, at: Date, body: string): Record<string, string> {
  const seconds = Math.floor(at.getTime() / 1000).toString();
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` };
}

/** An incoming webhook of Slack: blocks, with a text for where none are shown. */
export function slackBody(message: NotificationMessage): string {
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text: text.slice(0, SLACK_TEXT) } });
  return JSON.stringify({
    text: escaped(message.title),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: message.title.slice(0, SLACK_HEADER), emoji: false } },
      section(escaped(message.text)),
      ...(message.remedy ? [section(`*What to do:* ${escaped(message.remedy)}`)] : []),
      section(`<${message.link}|View in Landfall> · ${escaped(message.workspace.name)}`),
    ],
  });
}

/** What Slack asks to be escaped, and nothing more. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A workflow's webhook of Teams: a message with an adaptive card. */
export function teamsBody(message: NotificationMessage): string {
  // Names of servers are no markup.
  const block = (text: string, more: object = {}) => ({
    type: 'TextBlock',
    wrap: true,
    text: text.replace(/[\\`*_[\]<>#~|]/g, '\\$&'),
    ...more,
  });
  return JSON.stringify({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            block(message.title, { weight: 'Bolder', size: 'Medium' }),
            ...message.text.split('\n').map((line) => block(line)),
            ...(message.remedy ? [block(`What to do: ${message.remedy}`)] : []),
            block(message.workspace.name, { isSubtle: true }),
          ],
          actions: [{ type: 'Action.OpenUrl', title: 'View in Landfall', url: message.link }],
        },
      },
    ],
  });
}

export function mailOf(message: NotificationMessage): { subject: string; text: string } {
  return {
    subject: `[${message.workspace.name}] ${message.title}`.replace(/\s+/g, ' ').slice(0, 200),
    text: [
      message.text,
      message.remedy ? `What to do: ${message.remedy}` : null,
      message.since ? `Since ${message.since}` : null,
      message.link,
      `Landfall, workspace ${message.workspace.name}. Which notifications you get is set in the console.`,
    ]
      .filter((part) => part !== null)
      .join('\n\n'),
  };
}

/** Source of our events: AWS lets nobody else put one whose source begins with `aws.`. */
const EVENT_SOURCE = 'landfall.sms';

/** An event for EventBridge; a job's change of state has SMS's own shape. */
export function eventOf(message: NotificationMessage): AwsEvent {
  const { sms, at: time } = message;
  if (sms) {
    const detailType = 'Server Migration Job State Change';
    return { source: EVENT_SOURCE, detailType, resources: sms.resources, time, detail: sms.detail };
  }
  return { source: EVENT_SOURCE, detailType: 'Landfall Notification', resources: [], time, detail: { ...message } };
}
