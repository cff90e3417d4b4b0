// Calls a router over HTTP as a browser would, for tests.
import type { AnyRouter } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import type { SessionMember } from '../access/principals.ts';
import type { ApiContext } from './trpc.ts';

export { procedure, router } from './trpc.ts';

interface Call {
  path: string;
  input: unknown;
  session: SessionMember | null;
  method?: string;
  headers?: HeadersInit;
}

/** Status, whole text, and the error as a client reads it. */
export async function handleWith(router: AnyRouter, { path, input, session, method = 'GET', headers }: Call) {
  const url = new URL(`http://console.test/api/trpc/${path}`);
  const body = JSON.stringify(superjson.serialize(input));
  if (method === 'GET') url.searchParams.set('input', body);
  const request = new Request(url, {
    method,
    headers: new Headers([
      ['host', 'console.test'],
      ['content-type', 'application/json'],
      ...new Headers(headers).entries(),
    ]),
    ...(method === 'GET' ? {} : { body }),
  });
  const context: ApiContext = {
    headers: request.headers,
    internal: false,
    session: async () => session,
    sessionNow: async () => session,
  };
  const response = await fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router,
    createContext: () => context,
  });
  const text = await response.text();
  const { error } = JSON.parse(text) as { error?: unknown };
  return {
    status: response.status,
    text,
    error: (error ? superjson.deserialize(error as never) : {}) as {
      message: string;
      data: { fault: { code: string; cause?: string }; fields?: Record<string, string> };
    },
  };
}
