// What the overview's parts are given.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

export type Overview = inferRouterOutputs<AppRouter>['overview']['get'];
export type LeftOver = inferRouterOutputs<AppRouter>['overview']['leftOvers'][number];
export type Attention = inferRouterOutputs<AppRouter>['attention']['list'][number];
