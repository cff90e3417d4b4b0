// tRPC over HTTP.
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { fault } from '../../replication/model/fault.ts';
import { memberByKey } from '../access/access-keys.ts';
import type { SessionMember } from '../access/principals.ts';
import { isSigned } from '../access/signed-request.ts';
import { cookiesOf, memberOf } from '../auth/session.ts';
import { bounded } from './bounded.ts';
import { mapFault } from './faults.ts';
import { appRouter } from './root.ts';
import { memberOfSigned, readSignedBody } from './signed.ts';
import type { ApiContext } from './trpc.ts';

const MAX_BATCH = 20;

/** Answers `/api/trpc/*`: to browsers by their cookie, to programs by their signature. */
export async function handleTrpc(asked: Request): Promise<Response> {
  const request = await bounded(asked);
  if (!request) return tooLarge();
  const signed = isSigned(request.headers) ? await readSignedBody(request) : null;
  return fetchRequestHandler({
    endpoint: endpointOf(request.url),
    req: signed?.request ?? request,
    router: appRouter,
    allowMethodOverride: false,
    maxBatchSize: MAX_BATCH,
    createContext: () => (signed ? signedContext(signed) : cookieContext(request)),
    responseMeta: () => ({ headers: { 'cache-control': 'no-store' } }),
  });
}

/** Next leaves the path under which the console lies away from some requests, and not from others. */
function endpointOf(url: string): string {
  const under = '/api/trpc';
  const { pathname } = new URL(url);
  return pathname.slice(0, pathname.indexOf(under) + under.length);
}

function tooLarge(): Response {
  const theFault = fault('input-invalid', { message: 'The request is too large.' });
  const error = { message: theFault.message, code: -32600, data: { code: 'PAYLOAD_TOO_LARGE', fault: theFault } };
  return Response.json(
    { error: superjson.serialize(error) },
    { status: 413, headers: { 'cache-control': 'no-store' } },
  );
}

function cookieContext(request: Request): ApiContext {
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
}

/** A cookie that comes along counts for nothing. What is not signed as it should be is refused, whatever it asks for. */
async function signedContext(signed: Awaited<ReturnType<typeof readSignedBody>>): Promise<ApiContext> {
  let member: SessionMember;
  try {
    member = await memberOfSigned(signed);
  } catch (error) {
    throw mapFault(error, new URL(signed.request.url).pathname);
  }
  const { accessKeyId = '', address } = member.principal;
  return {
    headers: signed.request.headers,
    internal: false,
    signed: true,
    session: async () => member,
    sessionNow: () => memberByKey(accessKeyId, address),
  };
}
