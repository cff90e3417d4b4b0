// Whether a request that changes something comes from our own pages.

/**
 * Browsers say where a POST comes from (Sec-Fetch-Site on secure addresses, Origin always); a request that says nothing
 * is not from a browser page of ours. A foreign page cannot set x-forwarded-host without being asked first (CORS).
 */
export function isSameOrigin(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return false;
  const origin = headers.get('origin');
  if (origin === null) return site === 'same-origin';
  let host: string;
  try {
    host = new URL(origin).host;
  } catch {
    return false;
  }
  return host === (headers.get('x-forwarded-host') ?? headers.get('host'));
}
