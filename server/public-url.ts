// The one address under which people and connectors reach the console; every link that leaves the console is made of it.

/** What `npm start` and `npm run web` without any setting listen on. */
const OWN_MACHINE = 'http://localhost:3000';
/** next-auth wants its own place in NEXTAUTH_URL where the console lies under a path. */
const AUTH_PATH = /\/api\/auth\/?$/;

type Variables = Record<string, string | undefined>;

/** Why a text is no address of a console; null when it is one. */
export function whyNoPublicUrl(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'must be the address under which people open the console, such as https://landfall.example.com';
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// or http://';
  if (url.username || url.password || url.search || url.hash) return 'must have no password, ? or # in it';
  // Each part stands in cookies, in the build and in settings of proxies: nothing there may need quoting.
  if (!/^(\/[A-Za-z0-9][A-Za-z0-9._-]*)*\/?$/.test(url.pathname)) {
    return 'may have only letters, digits, dots, hyphens and underscores in its path';
  }
  if (/^\/(api|_next)(\/|$)/.test(url.pathname)) return 'must not begin its path with /api or /_next';
  return null;
}

/** What whoever starts a program should hear whose links would lead to the reader's own machine; null: they lead to the console. */
export function whyLinksMislead(source: Variables = process.env): string | null {
  if (source.LANDFALL_PUBLIC_URL || source.NEXTAUTH_URL) return null;
  return `LANDFALL_PUBLIC_URL is not set: links in mails and notifications will lead to ${OWN_MACHINE}. Give the worker the same address as the web.`;
}

/**
 * The console's address without a slash at its end: `LANDFALL_PUBLIC_URL`, else that of NEXTAUTH_URL.
 * @throws Error when what is set is no address
 */
function publicAddress(source: Variables = process.env): URL {
  const text = source.LANDFALL_PUBLIC_URL || source.NEXTAUTH_URL?.replace(AUTH_PATH, '') || OWN_MACHINE;
  const why = whyNoPublicUrl(text);
  if (why) throw new Error(`LANDFALL_PUBLIC_URL ${why}.`);
  return new URL(text);
}

/** The path under which the console lies, as `/landfall`; empty where it has the host for itself. */
export function subPath(source: Variables = process.env): string {
  return publicAddress(source).pathname.replace(/\/+$/, '');
}

/** The whole address of a page or route of ours. @param path from the console's root, as `/runs/run-1?tab=log` */
export function publicUrl(path = '', source: Variables = process.env): string {
  return `${publicAddress(source).origin}${subPath(source)}${path}`;
}
