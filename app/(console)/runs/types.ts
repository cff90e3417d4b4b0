// Types of runs as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

type Outputs = inferRouterOutputs<AppRouter>['runs'];
export type ListedRun = Outputs['list']['items'][number];
export type Run = Outputs['get'];
export type LoggedLine = Outputs['log'][number];
export type RunStatus = ListedRun['status'];
