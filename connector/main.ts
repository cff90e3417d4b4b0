// The connector: the appliance beside the VM manager. It calls out only, holds its credentials itself, and needs neither
// the database nor Next. Program: `node connector/main.ts`; docs/operations.md tells how to configure it.
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultError, toFault } from '../replication/model/fault.ts';
import type { Source } from '../replication/sources/source.ts';
import { probeFingerprint } from '../replication/sources/vsphere/certificate.ts';
import { openVsphereSource } from '../replication/sources/vsphere/index.ts';
import { openEbsDirect, openStaging } from '../replication/target/aws/open-target.ts';
import type { AwsTargetConfig } from '../replication/target/aws/target.ts';
import type { GatewayRequest } from '../replication/wire/gateway.ts';
import { Bandwidth } from './bandwidth.ts';
import { type ConnectorConfig, readConfig } from './config.ts';
import { checkHealth } from './health.ts';
import { Link } from './link.ts';
import { createLog, type Log } from './log.ts';
import { Vault } from './vault.ts';
import { performTask } from './work.ts';

export const CONNECTOR_VERSION = '0.1.0';
const CLAIM_SECONDS = 20;

/** Runs until the signal is aborted. Throws what a person must resolve: no configuration, a refused enrolment. */
export async function runConnector(config: ConnectorConfig, log: Log, signal: AbortSignal): Promise<void> {
  const vault = new Vault(config.dir);
  const source = await openSource(config, vault, log, signal);
  const aws = awsConfig(config);
  const staging = openStaging(aws);
  const ebs = openEbsDirect(aws);
  const link = new Link(config.consoleUrl, vault.token);
  const about = { version: CONNECTOR_VERSION, host: os.hostname(), addresses: localAddresses() };
  const manager = () => describeManager(source, config, signal);
  try {
    if (!link.token) {
      const vmManager = await untilDone(manager, log, 'vCenter must answer before this connector can enrol', signal);
      link.token = await enrol(config, link, { ...about, name: config.name, vmManager }, signal);
      vault.keepToken(link.token, config.consoleUrl);
      log('info', 'Enrolled with the console.');
    }
    const greeting = await untilDone(
      async () => link.call('hello', { ...about, vmManager: await manager().catch(() => null) }, signal),
      log,
      'The console does not answer',
      signal,
    );
    log('info', `Connected to ${config.consoleUrl} (session ${greeting.session}).`);
    const rates = new Map<string, number>();
    const health = reportHealth({
      config,
      source,
      aws,
      link,
      log,
      session: greeting.session,
      rates,
      everySeconds: greeting.healthEverySeconds,
      signal,
    });
    await Promise.all([
      health.loop,
      claimLoop({
        config,
        source,
        staging,
        ebs,
        link,
        log,
        session: greeting.session,
        rates,
        checkNow: health.now,
        signal,
      }),
    ]);
  } finally {
    await source.close().catch(() => {});
    staging.close();
    ebs.close();
    await link.close();
  }
}

async function openSource(config: ConnectorConfig, vault: Vault, log: Log, signal: AbortSignal): Promise<Source> {
  const { url, user, password } = config.vcenter;
  let fingerprint = config.vcenter.fingerprint ?? vault.pinOf(url);
  if (!fingerprint) {
    fingerprint = await untilDone(() => probeFingerprint(url, signal), log, 'vCenter does not answer', signal);
    vault.pin(url, fingerprint);
    log('info', `Trusting the certificate of ${url} from now on: ${fingerprint}`);
  }
  const { vddk, nbdkit } = config.vcenter;
  return openVsphereSource({
    url,
    user,
    password,
    fingerprint,
    ...(vddk && { vddk: { libdir: vddk, ...(nbdkit && { nbdkit }) } }),
  });
}

async function describeManager(
  source: Source,
  config: ConnectorConfig,
  signal: AbortSignal,
): Promise<GatewayRequest<'enrol'>['vmManager']> {
  const { id, name, version } = await source.identify(AbortSignal.any([signal, AbortSignal.timeout(15_000)]));
  return { type: 'vsphere', url: config.vcenter.url, id, name, version };
}

async function enrol(
  config: ConnectorConfig,
  link: Link,
  about: Omit<GatewayRequest<'enrol'>, 'code'>,
  signal: AbortSignal,
): Promise<string> {
  if (!config.enrolCode)
    throw new Error(
      'This connector is not enrolled: set LANDFALL_ENROL_CODE to a one-time code from the Connectors page.',
    );
  const { token } = await link.call('enrol', { ...about, code: config.enrolCode }, signal);
  return token;
}

/** Health now, and every few seconds; `now()` asks for a report at once. */
function reportHealth(options: {
  config: ConnectorConfig;
  source: Source;
  aws: AwsTargetConfig;
  link: Link;
  log: Log;
  session: number;
  rates: Map<string, number>;
  everySeconds: number;
  signal: AbortSignal;
}): { loop: Promise<void>; now: () => void } {
  const { config, source, aws, link, log, session, rates, signal } = options;
  let wake = new AbortController();
  const loop = async () => {
    while (!signal.aborted) {
      try {
        const checks = await checkHealth(
          source,
          aws,
          config.dir,
          AbortSignal.any([signal, AbortSignal.timeout(12_000)]),
        );
        await link.call(
          'report-health',
          { session, checks, rateBytesPerSecond: [...rates.values()].reduce((sum, rate) => sum + rate, 0) },
          signal,
        );
      } catch (error) {
        if (signal.aborted) return;
        throwIfFinal(error);
        log('warn', `Could not report health: ${toFault(error).message}`);
      }
      await delay(options.everySeconds * 1000, null, { signal: AbortSignal.any([signal, wake.signal]) }).catch(
        () => {},
      );
    }
  };
  return {
    loop: loop(),
    now: () => {
      wake.abort();
      wake = new AbortController();
    },
  };
}

async function claimLoop(options: {
  config: ConnectorConfig;
  source: Source;
  staging: ReturnType<typeof openStaging>;
  ebs: ReturnType<typeof openEbsDirect>;
  link: Link;
  log: Log;
  session: number;
  rates: Map<string, number>;
  checkNow: () => void;
  signal: AbortSignal;
}): Promise<void> {
  const { config, source, staging, ebs, link, log, session, rates, signal } = options;
  const working = new Set<Promise<void>>();
  const bandwidth = new Bandwidth();
  let askedToCheck = false;
  while (!signal.aborted) {
    try {
      const free = config.concurrency - working.size;
      const claimed = await link.call('claim', { session, free, waitSeconds: free > 0 ? CLAIM_SECONDS : 2 }, signal);
      bandwidth.set(claimed.bytesPerSecond);
      if (claimed.checkNow && !askedToCheck) options.checkNow();
      else if (claimed.checkNow) await delay(500, null, { signal });
      askedToCheck = claimed.checkNow;
      for (const task of claimed.tasks) {
        const work = performTask(task, { link, source, staging, ebs, bandwidth, log, rates, signal }).finally(() =>
          working.delete(work),
        );
        working.add(work);
      }
    } catch (error) {
      if (signal.aborted) break;
      throwIfFinal(error);
      log('warn', `The console does not answer: ${toFault(error).message}`);
      await delay(1_000, null, { signal }).catch(() => {});
    }
  }
  await Promise.all(working);
}

/** A refused token, or a newer process of this connector: going on would help nobody. */
function throwIfFinal(error: unknown): void {
  if (error instanceof FaultError && ['connector-refused', 'lease-lost'].includes(error.fault.code)) throw error;
}

async function untilDone<T>(work: () => Promise<T>, log: Log, waiting: string, signal: AbortSignal): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throwIfFinal(error);
      const fault = toFault(error);
      if (fault.retry === 'never') throw error;
      log('warn', `${waiting}: ${fault.message} Trying again.`, { cause: fault.cause });
      await delay(Math.min(30_000, 1_000 * 2 ** Math.min(tries, 5)), null, { signal });
    }
  }
}

function awsConfig(config: ConnectorConfig): AwsTargetConfig {
  const { region, bucket, accessKeyId, secretAccessKey, endpoints } = config.aws;
  return { region, bucket, credentials: { accessKeyId, secretAccessKey }, endpoints };
}

function localAddresses(): string[] {
  return Object.values(os.networkInterfaces())
    .flat()
    .flatMap((entry) => (entry && !entry.internal ? [entry.address] : []));
}

if (import.meta.main) {
  const log = createLog();
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(name)));
  try {
    await runConnector(readConfig(process.env, os.hostname()), log, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) {
      log('error', error instanceof Error ? error.message : String(error), { cause: toFault(error).cause });
      process.exitCode = 1;
    }
  }
}
