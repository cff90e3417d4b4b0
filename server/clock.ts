// The time for schedules and records. Leases never use it: they live on database time.
export function now(): Date {
  return new Date();
}
