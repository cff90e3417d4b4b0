// The API for server components: the same procedures without HTTP.

import type { QueryClient } from '@tanstack/react-query';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { cache } from 'react';
import { currentMember } from '../auth/session.ts';
import { appRouter } from './root.ts';
import { type ApiContext, createCallerFactory } from './trpc.ts';

/** The member of this request, asked once per request. */
export const sessionMember = cache(currentMember);

const context = (): ApiContext => ({
  headers: new Headers(),
  internal: true,
  session: sessionMember,
  sessionNow: currentMember,
});

/** Calls procedures directly: `(await caller()).jobs.list(…)`. */
export const caller = cache(() => createCallerFactory(appRouter)(context()));

/** The same for a visitor of a page who has a link and need not be signed in: tries are counted by the visitor's address. */
export const visitorCaller = (headers: Headers) => createCallerFactory(appRouter)({ ...context(), headers });

/** Query options that run on the server, to fill a QueryClient before the page is sent. */
export function serverQueries(queryClient: QueryClient) {
  return createTRPCOptionsProxy({ ctx: context, router: appRouter, queryClient });
}
