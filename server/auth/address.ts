// Where a request came from. Next fills x-forwarded-for from the socket unless a proxy in front has set it.

/** The client's address, or null. For the audit trail and the throttle; never a reason to trust anybody. */
export function addressOf(headers: Headers): string | null {
  const first = headers.get('x-forwarded-for')?.split(',')[0]?.trim();
  if (!first) return null;
  return first.replace(/^::ffff:/, '').slice(0, 64);
}
