// Fills a page with data on the server, so that the first byte already shows it:
//   export default async function JobsPage() {
//     return <Prefetch queries={(trpc) => [trpc.jobs.list.queryOptions({…})]}><JobsScreen /></Prefetch>;
//   }
import { dehydrate, HydrationBoundary, type QueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { serverQueries } from '../../server/api/caller.ts';
import { newQueryClient } from './query-client.ts';

export type ServerQueries = ReturnType<typeof serverQueries>;
type AnyQuery = Parameters<QueryClient['prefetchQuery']>[0];

/** A query that fails here is asked again by the browser, which shows the error in its place. */
export async function Prefetch(props: {
  queries: (trpc: ServerQueries) => readonly unknown[] | Promise<readonly unknown[]>;
  children: ReactNode;
}) {
  const queryClient = newQueryClient();
  queryClient.setDefaultOptions({ ...queryClient.getDefaultOptions(), queries: { retry: false, staleTime: 10_000 } });
  const queries = (await props.queries(serverQueries(queryClient))) as readonly AnyQuery[];
  await Promise.all(queries.map((query) => queryClient.prefetchQuery(query)));
  return <HydrationBoundary state={dehydrate(queryClient)}>{props.children}</HydrationBoundary>;
}
