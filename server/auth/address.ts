// Where a request came from. The front (server/front) has settled it: it writes one address that it believes, whatever a client sent.

/** The client's address, or null. For the audit trail and the throttle; never a reason to trust anybody. */
export function addressOf(headers: Headers): string | null {
  const said = headers.get('x-forwarded-for')?.trim();
  if (!said || said.includes(',')) return null;
  return said.replace(/^::ffff:/, '').slice(0, 64);
}
