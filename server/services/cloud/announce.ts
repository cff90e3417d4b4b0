// Notifications by SNS and EventBridge, with the sign-in of an AWS target.
import type { Queries } from '../../../db/client.ts';
import type { notificationChannels } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { publishToTopic, putOnBus } from '../../../replication/target/aws/announce.ts';
import { awsEnvironment } from '../../env.ts';
import { signInOf } from '../targets/sign-in.ts';
import { targetOf } from '../targets/store.ts';
import { credentialsFor } from './credentials.ts';

/** What is told, as an event of EventBridge. */
export interface AwsEvent {
  source: string;
  detailType: string;
  resources: string[];
  /** ISO 8601. */
  time: string;
  detail: Record<string, unknown>;
}

const DEADLINE_MS = 15_000;

/**
 * One attempt. A topic gets the event in the form in which EventBridge would hand it on, so that its readers know it.
 * @returns the id that AWS gave it @throws the fault that AWS's answer is
 */
export async function announce(
  db: Queries,
  channel: Pick<typeof notificationChannels.$inferSelect, 'kind' | 'workspaceId' | 'destination' | 'targetId'>,
  { id, title, event }: { id: string; title: string; event: AwsEvent },
): Promise<string> {
  if (!channel.targetId) throw faultError('not-found', { message: 'The channel names no AWS target.' });
  const { target, place } = await targetOf(db, channel.workspaceId, channel.targetId);
  if (target.retiredAt) {
    throw faultError('not-found', {
      message: `The AWS target ${target.name}, by whose sign-in the channel is reached, was deleted.`,
      remedy: 'Choose another target for the channel.',
    });
  }
  // A topic or a bus by its ARN is where that says.
  const [, , , region = place.region] = channel.destination.startsWith('arn:') ? channel.destination.split(':') : [];
  const env = awsEnvironment();
  const endpoints = { sns: env.LANDFALL_AWS_ENDPOINT_SNS, events: env.LANDFALL_AWS_ENDPOINT_EVENTS };
  const asking = { region, endpoints, credentials: credentialsFor(signInOf(target), place) };
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const { source, detailType, resources, time, detail } = event;
  return channel.kind === 'sns'
    ? await publishToTopic(
        asking,
        {
          topicArn: channel.destination,
          subject: title,
          body: JSON.stringify({
            ...{
              version: '0',
              id,
              'detail-type': detailType,
              source,
              account: place.account ?? '',
              time,
              region,
              resources,
            },
            detail,
          }),
          attributes: { 'detail-type': detailType },
        },
        signal,
      )
    : await putOnBus(
        asking,
        { bus: channel.destination, source, detailType, resources, at: new Date(time), detail },
        signal,
      );
}
