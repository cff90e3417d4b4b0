// What went wrong, in the words of a fault. Knows what a tRPC error looks like, so that screens need not.
import { TRPCClientError } from '@trpc/client';
import type { Fault } from '../../replication/model/fault.ts';

/** A fault as a screen shows it; one that arose in the browser has a code of its own. */
export interface ShownFault extends Pick<Fault, 'message' | 'remedy' | 'cause'> {
  code: Fault['code'] | 'console-unreachable';
}

interface ErrorData {
  fault?: Fault;
  fields?: Record<string, string>;
}

function dataOf(error: unknown): ErrorData | undefined {
  return error instanceof TRPCClientError ? ((error.data as ErrorData | null) ?? undefined) : undefined;
}

export function shownFault(error: unknown): ShownFault {
  const known = dataOf(error)?.fault;
  if (known) return known;
  return {
    code: 'console-unreachable',
    message: 'The console does not answer.',
    remedy:
      'The page recovers by itself as soon as it does. If you have just asked for something, check whether it was done before you ask again. If this lasts, check that Landfall is running.',
    ...(error instanceof Error && error.message ? { cause: error.message } : {}),
  };
}

/** Messages per input field, when the server refused the input. */
export function fieldMessages(error: unknown): Record<string, string> {
  return dataOf(error)?.fields ?? {};
}

/** Whether there was no readable answer, so that nobody knows whether the server did what was asked. */
export const isUnanswered = (error: unknown): boolean => shownFault(error).code === 'console-unreachable';

/** Whether a retry may help without anybody acting. */
export function mayPass(error: unknown): boolean {
  const { code } = shownFault(error);
  return code === 'console-unreachable' || code === 'internal';
}
