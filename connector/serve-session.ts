// One session with the console: health is reported and work is claimed until the signal is aborted, the console no longer
// knows the session, or an answer ends this process. Whatever ends one loop ends the other and all work.
import { setTimeout as delay } from 'node:timers/promises';
import { pause, rest } from '../replication/disks/pause.ts';
import { faultError, toFault } from '../replication/model/fault.ts';
import type { Source } from '../replication/sources/source.ts';
import type { AwsTargetConfig } from '../replication/target/aws/target.ts';
import type { GatewayResponse } from '../replication/wire/gateway.ts';
import { Bandwidth } from './bandwidth.ts';
import type { ConnectorConfig } from './config.ts';
import { isFinal, isSessionUnknown } from './final-faults.ts';
import { checkHealth } from './health.ts';
import type { Link } from './link.ts';
import type { Log } from './log.ts';
import type { TargetsOfTasks } from './targets.ts';
import { performTask } from './work.ts';

const CLAIM_SECONDS = 20;
const CHECK_SECONDS = 12;
/** Work that was told to stop and does not is left behind after so long. */
const ENDING_MS = 15_000;

export interface Session {
  config: ConnectorConfig;
  source: Source;
  /** What this connector was set up with: its health is checked there. Null when it has no key of its own. */
  aws: AwsTargetConfig | null;
  targets: TargetsOfTasks;
  link: Link;
  log: Log;
  greeting: GatewayResponse<'hello'>;
  signal: AbortSignal;
}

/** Resolves when the signal is aborted, or when the console must be greeted again. Throws what `isFinal` says. */
export async function serveSession(given: Session): Promise<void> {
  const ended = new AbortController();
  const session = { ...given, signal: AbortSignal.any([given.signal, ended.signal]) };
  const rates = new Map<string, number>();
  const working = new Set<Promise<void>>();
  const health = new HealthReports(session, rates);
  const stopAll = (error: unknown) => {
    if (!ended.signal.aborted) ended.abort(error);
  };
  await Promise.all([
    health.loop().catch(stopAll),
    claimLoop(session, rates, working, () => health.checkNow()).catch(stopAll),
  ]);
  const late = delay(ENDING_MS, 'late', { ref: false });
  if ((await Promise.race([Promise.allSettled(working), late])) === 'late')
    given.log('warn', 'Some work did not stop in time and is left behind.');
  if (given.signal.aborted) return;
  const why: unknown = ended.signal.reason;
  if (!isSessionUnknown(why)) throw why;
}

class HealthReports {
  readonly #session: Session;
  readonly #rates: ReadonlyMap<string, number>;
  #wake = new AbortController();

  constructor(session: Session, rates: ReadonlyMap<string, number>) {
    this.#session = session;
    this.#rates = rates;
  }

  /** Asks for a report at once. */
  checkNow(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  async loop(): Promise<void> {
    const { greeting, log, signal } = this.#session;
    while (!signal.aborted) {
      try {
        await this.#report();
      } catch (error) {
        if (signal.aborted) return;
        throwIfSessionEnds(error);
        log('warn', `Could not report health: ${toFault(error).message}`);
      }
      const woken = AbortSignal.any([signal, this.#wake.signal]);
      await rest(greeting.healthEverySeconds * 1000, woken);
    }
  }

  async #report(): Promise<void> {
    const { config, source, aws, link, greeting, signal } = this.#session;
    const deadline = AbortSignal.timeout(CHECK_SECONDS * 1000);
    const checks = await checkHealth(source, aws, config.dir, AbortSignal.any([signal, deadline]));
    const rateBytesPerSecond = [...this.#rates.values()].reduce((sum, rate) => sum + rate, 0);
    await link.call('report-health', { session: greeting.session, checks, rateBytesPerSecond }, signal);
  }
}

async function claimLoop(
  session: Session,
  rates: Map<string, number>,
  working: Set<Promise<void>>,
  checkNow: () => void,
): Promise<void> {
  const { config, source, targets, link, log, greeting, signal } = session;
  const bandwidth = new Bandwidth();
  let askedToCheck = false;
  while (!signal.aborted) {
    try {
      await link.endsAreTold(signal);
      const free = config.concurrency - working.size;
      const waitSeconds = free > 0 ? CLAIM_SECONDS : 2;
      const claimed = await link.call('claim', { session: greeting.session, free, waitSeconds, borrows: true }, signal);
      bandwidth.set(claimed.bytesPerSecond);
      if (claimed.checkNow && !askedToCheck) checkNow();
      else if (claimed.checkNow) await pause(500, signal);
      askedToCheck = claimed.checkNow;
      for (const task of claimed.tasks) {
        const work = performTask(task, { link, source, targets, bandwidth, log, rates, signal }).finally(() =>
          working.delete(work),
        );
        working.add(work);
      }
    } catch (error) {
      if (signal.aborted) return;
      throwIfSessionEnds(error);
      log('warn', `The console does not answer: ${toFault(error).message}`);
      await rest(1_000, signal);
    }
  }
}

function throwIfSessionEnds(error: unknown): void {
  if (isFinal(error) || isSessionUnknown(error)) throw error;
  // What a console of an older version says of a process that was overtaken.
  if (toFault(error).code === 'lease-lost') throw faultError('connector-superseded', {}, error);
}
