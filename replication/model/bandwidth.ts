// How much a connector may send, by the hour of the day. Pure; the console computes with it, screens check input by it.
import { z } from 'zod';

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time such as 18:30');
const megabytes = z.number().positive('More than 0').max(100_000, 'At most 100 000').nullable();

export const bandwidthSchema = z
  .object({
    /** MiB a second; null: as much as there is. */
    limit: megabytes,
    /** Hours with another limit; the first that fits counts. `to` before `from` goes over midnight. */
    hours: z
      .array(
        z.object({
          /** 0 is Sunday. On which days the stretch begins. */
          days: z.array(z.number().int().min(0).max(6)).min(1, 'Choose at least one day'),
          from: clockTime,
          to: clockTime,
          limit: megabytes,
        }),
      )
      .max(20, 'At most 20'),
    timeZone: z.string().refine(isTimeZone, 'No time zone of this name'),
  })
  .strict();
export type Bandwidth = z.infer<typeof bandwidthSchema>;

export const NO_LIMIT: Bandwidth = { limit: null, hours: [], timeZone: 'UTC' };

/** Bytes a second at this moment; null where there is no limit. */
export function bytesPerSecondAt({ limit, hours, timeZone }: Bandwidth, at: Date): number | null {
  const { day, minute } = hours.length > 0 ? placeOnClock(at, timeZone) : { day: 0, minute: 0 };
  const now = hours.find(({ days, from, to }) => {
    const [start, end] = [minutesOf(from), minutesOf(to)];
    if (start < end) return days.includes(day) && minute >= start && minute < end;
    // Over midnight, or around the whole clock where both are the same.
    return (days.includes(day) && minute >= start) || (days.includes((day + 6) % 7) && minute < end);
  });
  const megabytesNow = now ? now.limit : limit;
  return megabytesNow === null ? null : Math.round(megabytesNow * 1_048_576);
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function placeOnClock(at: Date, timeZone: string): { day: number; minute: number } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return { day: DAYS.indexOf(part('weekday')), minute: Number(part('hour')) * 60 + Number(part('minute')) };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
