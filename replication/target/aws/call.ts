// One call of an AWS API: cut off by the caller's signal, bounded in time, its errors told as faults.
import { outlast } from '../../disks/outlast.ts';
import { FaultError, fault } from '../../model/fault.ts';
import { type AwsFaultContext, awsFault, isBrokenAnswer } from './faults.ts';

/** What each SDK method takes as its second argument. */
export interface HttpOptions {
  abortSignal: AbortSignal;
  requestTimeout?: number;
}

export interface CallOptions {
  /** Time for the call with all its retries. Default 120. */
  seconds?: number;
  /** Time for one attempt; the client's own when not given. */
  attemptSeconds?: number;
  refused?: AwsFaultContext['refused'];
}

/**
 * Calls one service. `action` is the IAM action (`ec2:DescribeImages`), which a refusal will name.
 * Fails with the signal's reason when the signal is aborted, at once; with a FaultError for everything else. Work that has
 * patience (disks/outlast.ts) waits here for an AWS that is away; `seconds` are those of one of its tries.
 */
export type ServiceCaller<Client> = <T>(
  action: string,
  signal: AbortSignal,
  run: (client: Client, http: HttpOptions) => Promise<T>,
  options?: CallOptions,
) => Promise<T>;

/** `open` is called at the first call, so that an SDK client which nobody uses is never loaded. */
export function createCaller<Client>(
  open: () => Promise<Client>,
  closing: AbortSignal,
  region?: string,
): ServiceCaller<Client> {
  const once: ServiceCaller<Client> = async (action, signal, run, options = {}) => {
    const seconds = options.seconds ?? 120;
    const deadline = AbortSignal.timeout(seconds * 1000);
    const stop = AbortSignal.any([signal, closing, deadline]);
    stop.throwIfAborted();
    const http: HttpOptions = { abortSignal: stop };
    if (options.attemptSeconds) http.requestTimeout = options.attemptSeconds * 1000;
    try {
      const client = await open();
      // The SDK looks at the signal only while a request is out, not while it waits for its next attempt.
      return await again(() => orAborted(run(client, http), stop));
    } catch (error) {
      signal.throwIfAborted();
      closing.throwIfAborted();
      if (deadline.aborted) {
        const message = `AWS did not answer ${action} within ${seconds} seconds.`;
        throw new FaultError(fault('aws-unreachable', { message }), { cause: error });
      }
      throw awsFault(error, {
        action,
        ...(region && { region }),
        ...(options.refused && { refused: options.refused }),
      });
    }
  };
  return (action, signal, run, options) => outlast(() => once(action, signal, run, options), signal);
}

const BROKEN_ANSWERS = 5;

/** The SDK takes an answer that broke off in its body for an answer, and asks no second time; then nothing is known of the effect. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries >= BROKEN_ANSWERS || !isBrokenAnswer(error)) throw error;
    }
  }
}

/** The promise's outcome, or the signal's reason as soon as it is aborted. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
