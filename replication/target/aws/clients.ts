// The SDK's clients of one AWS target, each loaded at its first use: client-ec2 alone costs 260 ms and 60 MB.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { EBS } from '@aws-sdk/client-ebs';
import type { EC2 } from '@aws-sdk/client-ec2';
import type { EventBridge } from '@aws-sdk/client-eventbridge';
import type { S3 } from '@aws-sdk/client-s3';
import type { SNS } from '@aws-sdk/client-sns';
import type { STS } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { createCaller, type ServiceCaller } from './call.ts';
import type { AwsTargetConfig } from './target.ts';

export interface AwsClients {
  ec2: ServiceCaller<EC2>;
  ebs: ServiceCaller<EBS>;
  s3: ServiceCaller<S3>;
  /** S3 without any retry of its own: whoever sends parts tries again himself, in one layer. */
  s3Parts: ServiceCaller<S3>;
  sts: ServiceCaller<STS>;
  sns: ServiceCaller<SNS>;
  events: ServiceCaller<EventBridge>;
  /** AWS's clock minus ours in milliseconds, by the latest answer; null before the first. */
  clockSkewMs(): number | null;
  /** Ends every call that is under way and destroys clients and sockets. */
  close(): void;
}

export interface ClientLimits {
  /** Tries in all of one call. Default 5. */
  attempts?: number;
  /** Time for one attempt of an ordinary call. Default 20. */
  attemptSeconds?: number;
  /** A connection on which nothing moves for so long is given up. Default 30. */
  idleSeconds?: number;
}

/** A part may take its time on a slow line; it is the idle time that finds a dead connection. */
const PART_ATTEMPT_SECONDS = 15 * 60;
const MAX_SOCKETS = 16;

export function createClients(config: AwsTargetConfig, limits: ClientLimits = {}): AwsClients {
  const closing = new AbortController();
  const destroyers: (() => void)[] = [];
  let skew: number | null = null;

  const handler = (attemptSeconds: number) => {
    // Own agents: with the SDK's, every request that says `Expect: 100-continue` opens a connection of its own.
    const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
    const inner = new NodeHttpHandler({
      connectionTimeout: 5000,
      requestTimeout: attemptSeconds * 1000,
      throwOnRequestTimeout: true,
      socketTimeout: (limits.idleSeconds ?? 30) * 1000,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    });
    destroyers.push(() => inner.destroy());
    return watchDate(inner, (serverTime) => {
      skew = serverTime - Date.now();
    });
  };

  const shared = (endpoint: string | undefined) => ({
    region: config.region,
    credentials: config.credentials,
    maxAttempts: limits.attempts ?? 5,
    retryMode: 'adaptive',
    requestHandler: handler(limits.attemptSeconds ?? 20),
    ...(endpoint && { endpoint }),
  });

  const s3Config = () => ({
    ...shared(config.endpoints?.s3),
    forcePathStyle: config.endpoints?.s3 !== undefined,
    // Parts carry a checksum of our own; nothing else needs one, and older S3 servers choke on the SDK's trailers.
    requestChecksumCalculation: 'WHEN_REQUIRED' as const,
    responseChecksumValidation: 'WHEN_REQUIRED' as const,
    expectContinueHeader: false,
    followRegionRedirects: false,
  });

  function service<Client extends { destroy(): void }>(load: () => Promise<Client>): ServiceCaller<Client> {
    let opened: Promise<Client> | undefined;
    return createCaller(
      () => {
        opened ??= load().then((client) => {
          destroyers.push(() => client.destroy());
          return client;
        });
        return opened;
      },
      closing.signal,
      config.region,
    );
  }

  return {
    ec2: service(async () => new (await import('@aws-sdk/client-ec2')).EC2(shared(config.endpoints?.ec2))),
    ebs: service(async () => new (await import('@aws-sdk/client-ebs')).EBS(shared(config.endpoints?.ebs))),
    s3: service(async () => new (await import('@aws-sdk/client-s3')).S3(s3Config())),
    s3Parts: service(
      async () =>
        new (await import('@aws-sdk/client-s3')).S3({
          ...s3Config(),
          maxAttempts: 1,
          retryMode: 'standard',
          requestHandler: handler(PART_ATTEMPT_SECONDS),
        }),
    ),
    sts: service(async () => new (await import('@aws-sdk/client-sts')).STS(shared(config.endpoints?.sts))),
    sns: service(async () => new (await import('@aws-sdk/client-sns')).SNS(shared(config.endpoints?.sns))),
    events: service(
      async () => new (await import('@aws-sdk/client-eventbridge')).EventBridge(shared(config.endpoints?.events)),
    ),
    clockSkewMs: () => skew,
    close() {
      closing.abort(new Error('The AWS target was closed.'));
      for (const destroy of destroyers.splice(0)) destroy();
    },
  };
}

/** The same handler, which tells the Date of every answer, refusals too. */
function watchDate(inner: NodeHttpHandler, onDate: (serverTime: number) => void): NodeHttpHandler {
  const handle = inner.handle.bind(inner);
  inner.handle = async (...args) => {
    const answer = await handle(...args);
    const serverTime = Date.parse(answer.response.headers.date ?? '');
    if (Number.isFinite(serverTime)) onDate(serverTime);
    return answer;
  };
  return inner;
}
