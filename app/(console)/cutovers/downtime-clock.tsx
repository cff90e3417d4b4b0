'use client';
// The clock of the downtime: runs by the server's time, from the shutdown until the cut-over.
import { useState } from 'react';
import { useNow } from '../../_ui/now.ts';
import { clockText, steadyOffset } from './clock-text.ts';
import type { Cutover } from './types.ts';

interface DowntimeClockProps {
  cutover: Pick<Cutover, 'downtimeStartedAt' | 'downtimeEndedAt' | 'now'>;
  /** When the answer with `now` arrived, by this machine's clock. */
  arrivedAt: number;
  className: string;
}

export function DowntimeClock({ cutover, arrivedAt, className }: DowntimeClockProps) {
  const { downtimeStartedAt: from, downtimeEndedAt: to } = cutover;
  const offset = useOffset(cutover.now.getTime() - arrivedAt);
  const text = useNow((now) => clockText(from && Math.max(0, (to?.getTime() ?? now + offset) - from.getTime())));
  return (
    <div role="timer" aria-label="Downtime" className={className} suppressHydrationWarning>
      {text}
    </div>
  );
}

function useOffset(measured: number): number {
  const [kept, setKept] = useState(measured);
  const offset = steadyOffset(kept, measured);
  if (offset !== kept) setKept(offset);
  return offset;
}
