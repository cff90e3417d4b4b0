'use client';
// One clock for everything on the page that tells the time. SSR-safe: the first render says what the server said.
import { useSyncExternalStore } from 'react';

const TICK_MS = 1000;

let current = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick() {
  // A hidden page does not update, and catches up when it is shown again.
  if (document.hidden) return;
  current = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    timer = setInterval(tick, TICK_MS);
    document.addEventListener('visibilitychange', tick);
    current = Date.now();
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    document.removeEventListener('visibilitychange', tick);
  };
}

/** Something that follows from the time, such as a text; the component renders again only when it changes. */
export function useNow<T extends string | number>(read: (now: number) => T): T {
  return useSyncExternalStore(
    subscribe,
    () => read(current),
    () => read(Date.now()),
  );
}
