// Where to go after signing in.

/** The path of a page of ours; anything else (another site, a script, nonsense) becomes the start page. */
export function safeCallback(wanted: string | null | undefined): string {
  const start = '/';
  if (!wanted?.startsWith('/')) return start;
  const origin = 'http://console.invalid';
  try {
    const url = new URL(wanted, origin);
    if (url.origin !== origin || url.pathname.startsWith('//')) return start;
    if (url.pathname === '/sign-in' || url.pathname.startsWith('/api/')) return start;
    return url.pathname + url.search + url.hash;
  } catch {
    return start;
  }
}
