// The text of the downtime clock, and whose time it goes by. Pure.
import { UNKNOWN } from '../../_ui/quantity.ts';

/** Milliseconds → `0:04:09`, `27:30:00`; a dash before it began. */
export function clockText(milliseconds: number | null): string {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return UNKNOWN;
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

const two = (number: number) => String(number).padStart(2, '0');

/** Answers take a varying moment to arrive: a clock that followed each of them would jump. */
const SAME_MS = 2000;

/** Milliseconds that the server's clock is ahead of this one: as before, unless the new measure says otherwise. */
export function steadyOffset(before: number | null, measured: number): number {
  return before !== null && Math.abs(measured - before) < SAME_MS ? before : measured;
}
