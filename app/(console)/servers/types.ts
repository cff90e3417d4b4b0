// Types of the server catalog as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

type Outputs = inferRouterOutputs<AppRouter>;
export type ListedServer = Outputs['servers']['list']['items'][number];
export type FullServer = Outputs['servers']['get'];
export type Catalog = Outputs['servers']['catalog'];
/** A chosen server, with the reason why it cannot have a replication job, if there is one. */
export type Candidate = Outputs['jobs']['candidates'][number];
