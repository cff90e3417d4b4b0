// When the runs of a job are due. Pure.

/** The first run of a schedule that is later than `after`; null when there is none. Intervals count from the seed, in absolute time. */
export function nextDue(schedule: { seedAt: Date; everyHours: number | null }, after: Date | null): Date | null {
  if (!after) return schedule.seedAt;
  if (schedule.everyHours === null) return schedule.seedAt > after ? schedule.seedAt : null;
  const step = schedule.everyHours * 3_600_000;
  const elapsed = after.getTime() - schedule.seedAt.getTime();
  if (elapsed < 0) return schedule.seedAt;
  return new Date(schedule.seedAt.getTime() + (Math.floor(elapsed / step) + 1) * step);
}
