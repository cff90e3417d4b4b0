// Types of replication jobs as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

type Outputs = inferRouterOutputs<AppRouter>['jobs'];
export type Job = Outputs['list']['items'][number];
export type FullJob = Outputs['get'];
export type Baseline = FullJob['baselines'][number];
