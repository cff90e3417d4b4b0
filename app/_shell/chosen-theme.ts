'use client';
// The theme that was chosen in this page, for everything that shows or changes it.
import { useCallback, useSyncExternalStore } from 'react';
import { applyTheme, type Theme } from '../theme.ts';
import { PREFERENCES } from './member.tsx';
import { useMutation } from './mutation.ts';
import { useTRPC } from './trpc.ts';

let chosen: Theme | null = null;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The theme, which is `initial` until one is chosen, and the way to choose: shown at once, and remembered. */
export function useTheme(initial: Theme): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(
    subscribe,
    () => chosen,
    () => null,
  );
  const trpc = useTRPC();
  const { mutate } = useMutation(
    trpc.session.setPreferences.mutationOptions({ scope: PREFERENCES, meta: { repeatable: true } }),
  );
  const choose = useCallback(
    (next: Theme) => {
      chosen = next;
      applyTheme(next);
      for (const listener of listeners) listener();
      mutate({ theme: next });
    },
    [mutate],
  );
  return [theme ?? initial, choose];
}
