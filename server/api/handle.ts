// tRPC over HTTP.
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { fault } from '../../replication/model/fault.ts';
import { memberOf } from '../auth/session.ts';
import { subPath } from '../public-url.ts';
import { bounded } from './bounded.ts';
import { appRouter } from './root.ts';

const MAX_BATCH = 20;

/** Answers `/api/trpc/*`. */
export async function handleTrpc(asked: Request): Promise<Response> {
  const request = await bounded(asked);
  if (!request) return tooLarge();
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

function tooLarge(): Response {
  const theFault = fault('input-invalid', { message: 'The request is too large.' });
  const error = { message: theFault.message, code: -32600, data: { code: 'PAYLOAD_TOO_LARGE', fault: theFault } };
  return Response.json(
    { error: superjson.serialize(error) },
    { status: 413, headers: { 'cache-control': 'no-store' } },
  );
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
