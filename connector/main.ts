// The connector: the appliance beside the VM manager. It calls out only, holds its credentials itself, and needs neither
// the database nor Next. Program: `node connector/main.ts`; docs/operations.md tells how to configure it.
import os from 'node:os';
import pRetry from 'p-retry';
import { pause } from '../replication/disks/pause.ts';
import { FaultError, faultError, toFault } from '../replication/model/fault.ts';
import type { Source } from '../replication/sources/source.ts';
import { openVsphereSource, probeFingerprint } from '../replication/sources/vsphere/index.ts';
import type { GatewayRequest, GatewayResponse } from '../replication/wire/gateway.ts';
import { ConfigError, type ConnectorConfig, readConfig } from './config.ts';
import { isFinal, isSuperseded } from './final-faults.ts';
import { Link } from './link.ts';
import { createLog, type Log } from './log.ts';
import { serveSession } from './serve-session.ts';
import { hasKey, TargetsOfTasks, targetConfig } from './targets.ts';
import { Vault } from './vault.ts';

export const CONNECTOR_VERSION = '0.1.0';
/** EX_CONFIG of sysexits.h: a person has to do something; starting again changes nothing. */
const EXIT_NEEDS_A_PERSON = 78;
/** EX_TEMPFAIL: whoever supervises this process starts it again. */
const EXIT_START_AGAIN = 75;
/** Between two looks of a process that stands by while another one of the same connector works. */
const STAND_BY_MS = 15_000;

/**
 * Runs until the signal is aborted. Throws what ends it for good: `connector-refused` (a person must enrol it anew),
 * `connector-superseded` (another process took over), a refused enrolment.
 */
export async function runConnector(config: ConnectorConfig, log: Log, signal: AbortSignal): Promise<void> {
  const vault = new Vault(config.dir);
  const source = await openSource(config, vault, log, signal);
  const aws = hasKey(config.aws) ? targetConfig(config.aws) : null;
  const targets = new TargetsOfTasks(config.aws);
  const link = new Link(config.consoleUrl, vault.token);
  try {
    const about = { version: CONNECTOR_VERSION, host: os.hostname(), addresses: localAddresses() };
    const manager = () => describeManager(source, config, signal);
    const enrolled = async () => {
      const vmManager = await untilDone(manager, log, 'vCenter must answer before this connector can enrol', signal);
      link.token = await enrol(config, link, { ...about, name: config.name, vmManager }, signal);
      vault.keepToken(link.token, config.consoleUrl);
      log('info', 'Enrolled with the console.');
    };
    if (!link.token) await enrolled();
    const hello = async () => ({ ...about, vmManager: await manager().catch(() => null) });
    while (!signal.aborted) {
      const greeting = await greet(config, vault, link, log, hello, enrolled, signal);
      log('info', `Connected to ${config.consoleUrl} (session ${greeting.session}).`);
      await serveSession({ config, source, aws, targets, link, log, greeting, signal });
      if (!signal.aborted) log('warn', 'The console does not know this session any more: greeting it again.');
    }
  } catch (error) {
    if (isSuperseded(error)) vault.keepSuperseded(true);
    throw error;
  } finally {
    await source.close().catch(() => {});
    targets.close();
    await link.close();
  }
}

/**
 * Begins a session. A process that was superseded before takes over only from one that fell silent, so that two
 * supervisors never take the work from each other in turns.
 */
async function greet(
  config: ConnectorConfig,
  vault: Vault,
  link: Link,
  log: Log,
  hello: () => Promise<Omit<GatewayRequest<'hello'>, 'standBy'>>,
  enrolAgain: () => Promise<void>,
  signal: AbortSignal,
): Promise<GatewayResponse<'hello'>> {
  let standingBy = false;
  for (;;) {
    try {
      const standBy = vault.superseded;
      const greeting = await untilDone(
        async () => link.call('hello', { ...(await hello()), standBy }, signal),
        log,
        'The console does not answer',
        signal,
      );
      vault.keepSuperseded(false);
      return greeting;
    } catch (error) {
      signal.throwIfAborted();
      if (isSuperseded(error)) {
        if (!standingBy) log('warn', `${toFault(error).message} This one stands by, and takes over when that ends.`);
        standingBy = true;
        await pause(STAND_BY_MS, signal);
      } else if (isFinal(error) && config.enrolCode) {
        log('warn', `${toFault(error).message} Enrolling again with LANDFALL_ENROL_CODE.`);
        await enrolAgain().catch((refusal) => {
          if (!isFinal(refusal)) throw refusal;
          const message = `The console does not know this connector any more. Enrolling it again: ${toFault(refusal).message}`;
          throw faultError('connector-refused', { message }, refusal);
        });
      } else throw error;
    }
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
  if (!config.enrolCode) {
    throw faultError('connector-refused', {
      message: 'This connector is not enrolled.',
      remedy: 'Set LANDFALL_ENROL_CODE to a one-time code from the Connectors page.',
    });
  }
  const { token } = await link.call('enrol', { ...about, code: config.enrolCode }, signal);
  return token;
}

function untilDone<T>(work: () => Promise<T>, log: Log, waiting: string, signal: AbortSignal): Promise<T> {
  return pRetry(work, {
    retries: Number.POSITIVE_INFINITY,
    shouldRetry: ({ error }) => {
      const fault = toFault(error);
      if (signal.aborted || isFinal(error) || fault.retry === 'never') return false;
      log('warn', `${waiting}: ${fault.message} Trying again.`, { cause: fault.cause });
      return true;
    },
    factor: 2,
    minTimeout: 1_000,
    maxTimeout: 30_000,
    signal,
  });
}

function localAddresses(): string[] {
  return Object.values(os.networkInterfaces())
    .flat()
    .flatMap((entry) => (entry && !entry.internal ? [entry.address] : []));
}

/** How the process ends, for whoever supervises it. */
function exitCodeOf(error: unknown): number {
  if (isSuperseded(error)) return EXIT_START_AGAIN;
  return isFinal(error) || error instanceof ConfigError ? EXIT_NEEDS_A_PERSON : 1;
}

if (import.meta.main) {
  const log = createLog();
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(name)));
  let exitCode = 0;
  try {
    await runConnector(readConfig(process.env, os.hostname()), log, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) {
      const text = error instanceof Error ? error.message : String(error);
      const details = error instanceof FaultError ? { code: error.fault.code, remedy: error.fault.remedy } : {};
      log('error', `The connector ends: ${text}`, { ...details, cause: toFault(error).cause });
      exitCode = exitCodeOf(error);
    }
  }
  // Nothing that is still open may keep a process alive that does nothing any more.
  process.exit(exitCode);
}
