// Where somebody may be sent after signing in or out: into the console and nowhere else.
import { publicUrl, subPath } from '../public-url.ts';

/** The whole address of a page of ours; of anything else, the console's own. @param wanted an address, or a path from the console's root */
export function stayInside(wanted: string): string {
  const home = publicUrl();
  const under = subPath();
  try {
    const url = new URL(wanted, `${home}/`);
    if (url.origin !== new URL(home).origin || url.pathname.startsWith('//')) return home;
    if (url.pathname === under || url.pathname.startsWith(`${under}/`)) return url.href;
    return wanted.startsWith('/') ? home + url.pathname + url.search + url.hash : home;
  } catch {
    return home;
  }
}
