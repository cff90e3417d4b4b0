// Telling others at AWS: a message to an SNS topic, an event to a bus of EventBridge.
import { FaultError, fault } from '../../model/fault.ts';
import { type ClientLimits, createClients } from './clients.ts';
import type { Asking } from './sign-in.ts';

export interface TopicMessage {
  topicArn: string;
  /** Of an e-mail that SNS sends: one line of ASCII, 100 characters at most. */
  subject: string;
  body: string;
  /** By which subscriptions filter. */
  attributes: Record<string, string>;
}

export interface BusEvent {
  /** Its name or ARN. */
  bus: string;
  source: string;
  detailType: string;
  resources: string[];
  at: Date;
  detail: Record<string, unknown>;
}

/** @returns the message's id at SNS */
export async function publishToTopic(
  asking: Asking,
  message: TopicMessage,
  signal: AbortSignal,
  limits?: ClientLimits,
): Promise<string> {
  const { topicArn: TopicArn, subject, body: Message, attributes } = message;
  return withClients(asking, limits, (clients) =>
    clients.sns('sns:Publish', signal, async (client, http) => {
      const answer = await client.publish(
        {
          TopicArn,
          Message,
          Subject: subject.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 100),
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
          ),
        },
        http,
      );
      return answer.MessageId ?? '';
    }),
  );
}

/** @returns the event's id at EventBridge @throws `aws-fault` for an entry that AWS refuses, which it says in an answer of 200 */
export async function putOnBus(
  asking: Asking,
  { bus, source, detailType, resources, at, detail }: BusEvent,
  signal: AbortSignal,
  limits?: ClientLimits,
): Promise<string> {
  return withClients(asking, limits, (clients) =>
    clients.events('events:PutEvents', signal, async (client, http) => {
      const entry = { EventBusName: bus, Source: source, DetailType: detailType, Resources: resources, Time: at };
      const answer = await client.putEvents({ Entries: [{ ...entry, Detail: JSON.stringify(detail) }] }, http);
      const [first] = answer.Entries ?? [];
      if (first?.EventId) return first.EventId;
      throw new FaultError(
        fault('aws-fault', {
          message: `EventBridge did not take the event: ${first?.ErrorMessage ?? first?.ErrorCode}.`,
        }),
      );
    }),
  );
}

async function withClients<T>(
  asking: Asking,
  limits: ClientLimits | undefined,
  work: (clients: ReturnType<typeof createClients>) => Promise<T>,
): Promise<T> {
  const clients = createClients({ bucket: '', prefix: '', ...asking }, { attempts: 2, attemptSeconds: 8, ...limits });
  try {
    return await work(clients);
  } finally {
    clients.close();
  }
}
