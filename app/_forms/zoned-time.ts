// A wall clock's time in a named zone, and back. Pure.

/** `2026-11-22` and `14:05` in a zone as an instant. Null when it is no time, or one that the clocks leap over there. */
export function instantIn(zone: string, date: string, time: string): Date | null {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  const clock = /^(\d{1,2}):(\d{2})$/.exec(time);
  if (!day || !clock) return null;
  const [year, month, dayOfMonth] = day.slice(1).map(Number) as [number, number, number];
  const [hour, minute] = clock.slice(1).map(Number) as [number, number];
  const wanted = Date.UTC(year, month - 1, dayOfMonth, hour, minute);
  const at = new Date(wanted);
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== dayOfMonth || hour > 23 || minute > 59) return null;
  // The offset at the guess, then at what it led to: enough on both sides of a change of the clocks.
  let instant = wanted - offset(zone, wanted);
  instant = wanted - offset(zone, instant);
  return instant + offset(zone, instant) === wanted ? new Date(instant) : null;
}

/** The wall clock in a zone at an instant: `{ date: '2026-11-22', time: '14:05' }`. */
export function wallClock(zone: string, at: Date): { date: string; time: string } {
  const text = new Date(at.getTime() + offset(zone, at.getTime())).toISOString();
  return { date: text.slice(0, 10), time: text.slice(11, 16) };
}

/** The zone of this browser (or of the server, before the page has come alive). */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** Milliseconds that the zone is ahead of UTC at an instant. */
function offset(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return wall - Math.floor(at / 1000) * 1000;
}
