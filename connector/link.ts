// The connector's only way to the console: calls of the gateway's verbs, each with a deadline, tried again while that makes sense.
import pRetry, { AbortError } from 'p-retry';
import { Agent, request } from 'undici';
import { describeCause, FaultError, faultError, faultSchema, toFault } from '../replication/model/fault.ts';
import {
  type GatewayRequest,
  type GatewayResponse,
  type GatewayVerb,
  gatewayVerbs,
} from '../replication/wire/gateway.ts';

/** Verbs that may be sent again when no answer came: repeating them changes nothing. `claim` is not among them. */
const RETRIES: Partial<Record<GatewayVerb, number>> = {
  hello: 2,
  extend: 1,
  declare: 6,
  confirm: 6,
  checkpoint: 6,
  lend: 6,
  catalog: 6,
  settle: 8,
  'give-back': 1,
};
/**
 * These wait for a console that is away: until the signal, which is the lease's, is aborted, or so long. The fence refuses
 * what comes too late.
 */
const PATIENT: readonly GatewayVerb[] = ['declare', 'confirm', 'checkpoint', 'lend', 'catalog', 'settle'];
const PATIENCE_MS = 10 * 60_000;
const DEADLINE_MS = 20_000;

/** Whether an error says only that the console, or its database, does not answer just now. */
export function isConsoleAway(error: unknown): boolean {
  return ['connector-lost', 'console-database-away', 'being-changed'].includes(toFault(error).code);
}

/** Whether the console said that a message of ours was not of the form that it knows. */
export function isRefused(error: unknown): boolean {
  return toFault(error).code === 'message-refused';
}

export class Link {
  readonly #base: string;
  readonly #agent = new Agent({ connections: 16, keepAliveTimeout: 20_000, connect: { timeout: 5_000 } });
  readonly #overdueEnds = new Set<Promise<unknown>>();
  token: string | undefined;

  constructor(consoleUrl: string, token: string | undefined) {
    const url = new URL(consoleUrl);
    const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    if (url.protocol !== 'https:' && !loopback) {
      throw faultError('connector-refused', {
        message: 'The console must be reached by HTTPS; plain HTTP is for this machine only.',
        remedy: `Give the https:// address of the console instead of ${consoleUrl}.`,
      });
    }
    this.#base = `${url.origin}${url.pathname.replace(/\/+$/, '')}/api/connector/v1/`;
    this.token = token;
  }

  /** Calls a verb. Throws FaultError: the console's own fault, or `connector-lost` when it cannot be reached. */
  async call<V extends GatewayVerb>(
    verb: V,
    body: GatewayRequest<V>,
    signal: AbortSignal,
  ): Promise<GatewayResponse<V>> {
    const began = performance.now();
    const settled = Promise.withResolvers<void>();
    const calling = pRetry(() => this.#once(verb, body, signal), {
      retries: Number.POSITIVE_INFINITY,
      shouldRetry: ({ error, attemptNumber }) => {
        const waits = PATIENT.includes(verb) && isConsoleAway(error) && performance.now() - began < PATIENCE_MS;
        if (waits && verb === 'settle') this.#overdueEnds.add(settled.promise);
        return waits || attemptNumber <= (RETRIES[verb] ?? 0);
      },
      factor: 2,
      minTimeout: 250,
      maxTimeout: 4_000,
      randomize: true,
      signal,
    });
    return calling.finally(() => {
      settled.resolve();
      this.#overdueEnds.delete(settled.promise);
    });
  }

  /**
   * Resolves when no end of work is waiting for the console to come back. Claiming before would lease the same work again,
   * and the end that was reached would count no more.
   */
  async endsAreTold(signal: AbortSignal): Promise<void> {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const stop = () => resolve();
    signal.addEventListener('abort', stop, { once: true });
    while (this.#overdueEnds.size > 0 && !signal.aborted) await Promise.race([Promise.all(this.#overdueEnds), aborted]);
    signal.removeEventListener('abort', stop);
  }

  async #once<V extends GatewayVerb>(
    verb: V,
    body: GatewayRequest<V>,
    signal: AbortSignal,
  ): Promise<GatewayResponse<V>> {
    const wait = verb === 'claim' ? (body as GatewayRequest<'claim'>).waitSeconds * 1000 : 0;
    let status: number;
    let answer: unknown;
    try {
      const response = await request(this.#base + verb, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: {
          'content-type': 'application/json',
          ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS + wait)]),
      });
      status = response.statusCode;
      const text = await response.body.text();
      answer = text.startsWith('{') ? JSON.parse(text) : {};
    } catch (error) {
      if (signal.aborted) throw new AbortError(error as Error);
      throw faultError(
        'connector-lost',
        { message: 'The console cannot be reached.', cause: describeCause(error) },
        error,
      );
    }
    if (status === 200) return gatewayVerbs[verb].response.parse(answer) as GatewayResponse<V>;
    const parsed = faultSchema.safeParse((answer as { fault?: unknown }).fault);
    // What an enrolment lacks is a person's input; every other message is ours, and nobody can correct its fields.
    const isOurs = parsed.success && parsed.data.code === 'input-invalid' && verb !== 'enrol';
    const error = isOurs
      ? faultError('message-refused', { cause: `${verb}: ${parsed.data.message} ${parsed.data.cause ?? ''}`.trim() })
      : parsed.success
        ? new FaultError(parsed.data)
        : status === 421
          ? this.#wrongName()
          : faultError('connector-lost', { message: `The console answered with HTTP ${status}.` });
    // What the console refuses on purpose is final; what failed inside it may go through later.
    if (status < 500 && parsed.success) throw new AbortError(error);
    throw error;
  }

  /** The console, or a proxy before it, knows itself by another name than the one that we were given. */
  #wrongName(): FaultError {
    const { host } = new URL(this.#base);
    return faultError('connector-lost', {
      message: `The console does not answer under the name ${host} (HTTP 421).`,
      remedy:
        'Set LANDFALL_URL to the address in LANDFALL_PUBLIC_URL (or NEXTAUTH_URL) of the console, or LANDFALL_ANY_HOST=1 there, with which it answers under any name.',
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
