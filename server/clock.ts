// The time for schedules and records. Leases never use it: they live on database time.
import { readFileSync, statSync } from 'node:fs';

let read = { at: -1, ahead: 0 };

/** Now. LANDFALL_TEST_CLOCK, which only tests set, names a file with the milliseconds by which our time is ahead. */
export function now(): Date {
  const file = process.env.LANDFALL_TEST_CLOCK;
  return new Date(Date.now() + (file ? aheadBy(file) : 0));
}

function aheadBy(file: string): number {
  const at = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (at === undefined) return 0;
  if (at !== read.at) read = { at, ahead: Number(readFileSync(file, 'utf8').trim() || 0) };
  return read.ahead;
}
