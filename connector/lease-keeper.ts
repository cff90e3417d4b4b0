// Keeps the lease of one task while its work goes on, and carries what the work has to tell.

import { pause } from '../replication/disks/pause.ts';
import { type Fault, faultError, toFault } from '../replication/model/fault.ts';
import { foreignText } from '../replication/model/foreign-text.ts';
import { waitingWords } from '../replication/model/outage.ts';
import type { StepProgress } from '../replication/model/step-results.ts';
import {
  type Confirmation,
  type LogLine,
  MOST_LAST_LINES,
  MOST_LINES,
  type Task,
} from '../replication/wire/gateway.ts';
import type { Bandwidth } from './bandwidth.ts';
import { isConsoleAway, isRefused, type Link } from './link.ts';
import type { Log } from './log.ts';

const ASK_AGAIN_MS = 500;

export interface LeaseEnvironment {
  link: Link;
  log: Log;
  bandwidth: Bandwidth;
  /** Bytes a second read from the source by each task under way. */
  rates: Map<string, number>;
  /** Aborted when the connector stops. */
  signal: AbortSignal;
}

/** Extends a lease while its work goes on, carrying progress and log lines; stops the work when the lease is lost. */
export class LeaseKeeper {
  readonly #task: Task;
  readonly #link: Link;
  readonly #stop: AbortController;
  readonly #env: LeaseEnvironment;
  readonly #timer: NodeJS.Timeout;
  #lines: LogLine[] = [];
  readonly #confirmed: Confirmation[] = [];
  #progress: StepProgress | undefined;
  #waitingFor: string | null | undefined;
  #extendedAt = performance.now();
  #asking: Promise<void> | null = null;

  constructor(task: Task, link: Link, stop: AbortController, env: LeaseEnvironment) {
    this.#task = task;
    this.#link = link;
    this.#stop = stop;
    this.#env = env;
    this.#timer = setInterval(() => this.#beat(), Math.min(1_000, (task.leaseSeconds * 1000) / 5));
  }

  waitFor(waiting: { fault: Fault; until: Date } | null): void {
    this.#waitingFor = waiting && waitingWords(waiting.fault, waiting.until);
  }

  show(progress: StepProgress): void {
    this.#progress = progress;
    this.#env.rates.set(
      this.#task.id,
      progress.disks.reduce((sum, disk) => sum + disk.rate, 0),
    );
  }

  say(level: LogLine['level'], text: string): void {
    this.#lines.push({ at: new Date().toISOString(), level, text: foreignText(text) });
  }

  /** Extends now; throws when the lease is no longer ours or the run is to stop. */
  async ask(): Promise<void> {
    const stop = this.#stop.signal;
    for (;;) {
      stop.throwIfAborted();
      try {
        await this.#extend();
        return stop.throwIfAborted();
      } catch (error) {
        // As long as the lease may last: the beat stops the work before it ends.
        if (stop.aborted || !isConsoleAway(error)) throw stop.aborted ? stop.reason : error;
        await pause(ASK_AGAIN_MS, AbortSignal.any([stop, this.#env.signal]));
      }
    }
  }

  confirmAtEnd(artifacts: readonly Confirmation[]): void {
    this.#confirmed.push(...artifacts);
  }

  /** Stops extending. Answers what was not told yet: it goes with the settling, and is the same when asked again. */
  async end(): Promise<{ lines: LogLine[]; confirmed: Confirmation[] }> {
    clearInterval(this.#timer);
    this.#env.rates.delete(this.#task.id);
    await this.#asking;
    return { lines: this.#lines.slice(-MOST_LAST_LINES), confirmed: this.#confirmed };
  }

  get #hasNews(): boolean {
    return this.#progress !== undefined || this.#waitingFor !== undefined || this.#lines.length > 0;
  }

  #beat(): void {
    const silent = performance.now() - this.#extendedAt;
    const { leaseSeconds } = this.#task;
    // Stops itself before the lease ends: whoever takes over must find nobody writing.
    if (silent > leaseSeconds * 900)
      this.#stop.abort(faultError('lease-lost', { message: 'The console did not answer in time.' }));
    const due = this.#hasNews || silent > leaseSeconds * 250;
    if (!due || this.#asking) return;
    this.#asking = this.#extend()
      .catch((error) => this.#env.log('warn', `Could not extend ${this.#task.id}: ${toFault(error).message}`))
      .finally(() => {
        this.#asking = null;
      });
  }

  async #extend(): Promise<void> {
    const hold = { taskId: this.#task.id, fence: this.#task.fence };
    const progress = this.#progress;
    const waitingFor = this.#waitingFor;
    this.#progress = undefined;
    this.#waitingFor = undefined;
    const lines = this.#lines.splice(0, MOST_LINES);
    // The lease began anew when the console read this, which may be long before its answer is here.
    const askedAt = performance.now();
    const news = { ...(progress && { progress }), ...(waitingFor !== undefined && { waitingFor }), lines };
    const answer = await this.#link.call('extend', { ...hold, ...news }, this.#env.signal).catch((error) => {
      // News that the console refuses would be refused again and again, until the lease is lost over it.
      if (isRefused(error)) this.#env.log('warn', `News of ${this.#task.id} were refused`, { lines });
      else {
        this.#lines.unshift(...lines);
        if (this.#waitingFor === undefined) this.#waitingFor = waitingFor;
      }
      throw error;
    });
    this.#extendedAt = askedAt;
    this.#env.bandwidth.set(answer.bytesPerSecond);
    if (!answer.go) this.#stop.abort(faultError(answer.reason === 'cancelled' ? 'cancelled' : 'lease-lost'));
  }
}
