// The path under which the console lies, put before addresses that the browser itself is given.
// Next does this for its router, `redirect` and assets; not for fetch, window.location and links that are not its own.

const UNDER = process.env.LANDFALL_SUB_PATH ?? '';

/** An address of ours as the browser must be given it; any other stays as it is. */
export function inConsole(path: string, under = UNDER): string {
  return under && isPath(path) && !lies(path, under) ? under + path : path;
}

/** The other way: what the router is given for an address of the browser. */
export function fromBrowser(path: string, under = UNDER): string {
  if (!under || !lies(path, under)) return path;
  const rest = path.slice(under.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

const isPath = (path: string): boolean => path.startsWith('/') && !path.startsWith('//');

const lies = (path: string, under: string): boolean =>
  path.startsWith(under) && /^([/?#]|$)/.test(path.slice(under.length));
