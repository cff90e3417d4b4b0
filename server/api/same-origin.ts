// Whether a request that changes something comes from our own pages.
import { publicUrl } from '../public-url.ts';

/**
 * Browsers say where a POST comes from (Sec-Fetch-Site on secure addresses, Origin always); a request that says nothing
 * is not from a browser page of ours. Host and protocol are those that the front believes (server/front).
 */
export function isSameOrigin(headers: Headers): boolean {
  if (isForeign(headers)) return false;
  return headers.has('origin') || headers.get('sec-fetch-site') === 'same-origin';
}

/** Whether a browser says that a page of somebody else makes this request. What is no browser says nothing. */
export function isForeign(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return true;
  const origin = headers.get('origin');
  return origin !== null && !isOurs(origin, headers);
}

function isOurs(origin: string, headers: Headers): boolean {
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  if (origin === new URL(publicUrl()).origin) return true;
  const spoken = headers.get('x-forwarded-proto');
  // Where nobody has said what the console's address is, nobody has named the proxy that ends TLS before it either.
  if (spoken && protocol !== `${spoken}:` && process.env.LANDFALL_ANY_HOST !== '1') return false;
  return host === (headers.get('x-forwarded-host') ?? headers.get('host'));
}
