// Types of cutovers as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

type Outputs = inferRouterOutputs<AppRouter>['cutovers'];
export type ListedCutover = Outputs['list']['items'][number];
export type Cutover = Outputs['get'];
export type Readiness = Outputs['readiness'];
export type Evidence = Outputs['evidence'];
export type LogEntry = Cutover['log'][number];
