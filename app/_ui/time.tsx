'use client';
// A point in time, and how long something has lasted. Both update themselves.
import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import { useNow } from './now.ts';
import { formatDuration, UNKNOWN } from './quantity.ts';
import { exactTime, relativeTime } from './relative-time.ts';

const TimeZoneContext = createContext<string | undefined>(undefined);

/** The member's time zone; undefined is the browser's. */
export function TimeZoneProvider({ zone, children }: { zone: string | undefined; children: ReactNode }) {
  return <TimeZoneContext value={zone}>{children}</TimeZoneContext>;
}

const never = () => () => {};
/** False in the server's HTML and in the render that takes it over: React would leave a text that differs as it is. */
const useTakenOver = () =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  );

/** `3 min ago`, with the exact time on hover; a dash without a time. */
export function Time({ at, exact = false }: { at: Date | string | null | undefined; exact?: boolean }) {
  const takenOver = useTakenOver();
  const zone = useContext(TimeZoneContext) ?? (takenOver ? undefined : 'UTC');
  const date = asDate(at);
  const relative = useNow((now) => (date && !exact ? relativeTime(date, now) : ''));
  if (!date) return <>{UNKNOWN}</>;
  const precise = exactTime(date, zone);
  return (
    // The server does not know the browser's exact second.
    <time
      dateTime={date.toISOString()}
      title={precise}
      className={exact ? '' : 'whitespace-nowrap'}
      suppressHydrationWarning
    >
      {exact ? precise : relative}
    </time>
  );
}

/** `2 h 14 min` from `since` until `until`, or until now. */
export function Elapsed({ since, until }: { since: Date | string | null | undefined; until?: Date | string | null }) {
  const from = asDate(since);
  const to = asDate(until);
  const text = useNow((now) => formatDuration(from && Math.max(0, (to?.getTime() ?? now) - from.getTime())));
  return (
    <span className="tabular whitespace-nowrap" suppressHydrationWarning>
      {text}
    </span>
  );
}

function asDate(value: Date | string | null | undefined): Date | null {
  if (!value) return null;
  const date = typeof value === 'string' ? new Date(value) : value;
  return Number.isNaN(date.getTime()) ? null : date;
}
