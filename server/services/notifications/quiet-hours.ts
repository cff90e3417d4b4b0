// Hours in which nobody is told, by the wall clock of a zone. Pure.
import type { QuietHours } from '../../../db/schema/index.ts';

const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;

/** When the quiet hours that it is in now are over; null outside of them. `from` and `to` alike are the whole day, which nobody may set. */
export function quietUntil({ from, to, zone }: Pick<QuietHours, 'from' | 'to' | 'zone'>, now: Date): Date | null {
  const begin = minutesOf(from);
  const end = minutesOf(to);
  const at = wallMinutes(zone, now);
  const quiet = begin < end ? at >= begin && at < end : at >= begin || at < end;
  if (!quiet) return null;
  const thisMinute = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS;
  const left = (end - at + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
  const guess = new Date(thisMinute + left * MINUTE_MS);
  // The clocks may have been put on or back meanwhile.
  let off = wallMinutes(zone, guess) - end;
  if (off > DAY_MINUTES / 2) off -= DAY_MINUTES;
  if (off < -DAY_MINUTES / 2) off += DAY_MINUTES;
  const corrected = new Date(guess.getTime() - off * MINUTE_MS);
  // An end that the clocks leap over: what came after it.
  return wallMinutes(zone, corrected) === end ? corrected : guess;
}

/** Whether this runtime knows a zone of this name. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
}

function wallMinutes(zone: string, at: Date): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return of('hour') * 60 + of('minute');
}
