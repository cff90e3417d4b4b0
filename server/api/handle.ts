// tRPC over HTTP.
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { memberOf } from '../auth/session.ts';
import { subPath } from '../public-url.ts';
import { appRouter } from './root.ts';

const MAX_BATCH = 20;

/** Answers `/api/trpc/*`. */
export function handleTrpc(request: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: `${subPath()}/api/trpc`,
    req: request,
    router: appRouter,
    allowMethodOverride: false,
    maxBatchSize: MAX_BATCH,
    createContext() {
      const sessionNow = () => memberOf(cookiesOf(request.headers), request.headers);
      let session: ReturnType<typeof memberOf> | undefined;
      return {
        headers: request.headers,
        internal: false,
        sessionNow,
        session: () => {
          session ??= sessionNow();
          return session;
        },
      };
    },
    responseMeta: () => ({ headers: { 'cache-control': 'no-store' } }),
  });
}

/** The cookies that a request carries. */
export function cookiesOf(headers: Headers): { name: string; value: string }[] {
  return (headers.get('cookie') ?? '').split(/;\s*/).flatMap((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) return [];
    return [{ name: pair.slice(0, at), value: decode(pair.slice(at + 1)) }];
  });
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
