'use client';
// How screens change anything. However often a button or key is pressed, one call is under way and further ones
// are dropped. A call whose answer was lost is repeated where it cannot take effect twice.
// Screens import `useMutation` from here, never from TanStack Query.
import {
  type MutateOptions,
  type UseMutationOptions,
  type UseMutationResult,
  useMutation as useSentMutation,
} from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { isUnanswered } from './faults.ts';
import { OneAtATime } from './one-at-a-time.ts';

/** About half a minute in all: as long as a restart of the console takes. */
const REPEATS = 6;
const repeatDelay = (failures: number) => Math.min(8000, 1000 * 2 ** failures);

/**
 * As TanStack's, but a second call joins the one under way. With `meta.once` it also joins one that went well, until
 * `reset`: for what leads to another page. With `scope` every call counts, one after the other. With `meta.repeatable`
 * a call without an answer is made again by itself.
 */
export function useMutation<Data, Failure, Variables, Context>(
  options: UseMutationOptions<Data, Failure, Variables, Context>,
): UseMutationResult<Data, Failure, Variables, Context> {
  const { meta, scope } = options;
  const repeat = {
    retry: (failures: number, error: Failure) => failures < REPEATS && isUnanswered(error),
    retryDelay: repeatDelay,
  };
  const sent = useSentMutation({ ...options, ...(meta?.repeatable ? repeat : {}) });
  const { mutateAsync: send, reset: forget } = sent;
  const gate = useRef<OneAtATime>(null);
  gate.current ??= new OneAtATime();
  const once = meta?.once === true;
  const everyOne = scope !== undefined;
  const mutateAsync = useCallback(
    (variables: Variables, callbacks?: MutateOptions<Data, Failure, Variables, Context>): Promise<Data> => {
      const call = () => send(variables, callbacks);
      return everyOne || !gate.current ? call() : gate.current.run(call, { once });
    },
    [send, everyOne, once],
  );
  const mutate = useCallback(
    (variables: Variables, callbacks?: MutateOptions<Data, Failure, Variables, Context>): void => {
      // Whoever calls this reads the error from the state.
      mutateAsync(variables, callbacks).catch(() => {});
    },
    [mutateAsync],
  );
  const reset = useCallback(() => {
    gate.current?.reset();
    forget();
  }, [forget]);
  return { ...sent, mutate, mutateAsync, reset } as UseMutationResult<Data, Failure, Variables, Context>;
}

/** The same for work of several calls: what to call, and whether it is under way. */
export function useOneAtATime<Args extends unknown[], T>(
  work: (...args: Args) => Promise<T>,
): [(...args: Args) => Promise<T>, boolean] {
  const [busy, setBusy] = useState(false);
  const gate = useRef<OneAtATime>(null);
  gate.current ??= new OneAtATime();
  const go = (...args: Args): Promise<T> =>
    (gate.current as OneAtATime).run(async () => {
      setBusy(true);
      try {
        return await work(...args);
      } finally {
        setBusy(false);
      }
    });
  return [go, busy];
}
