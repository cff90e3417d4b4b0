// Types of instances as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

type Outputs = inferRouterOutputs<AppRouter>['instances'];
export type ListedInstance = Outputs['list']['items'][number];
export type ShownInstance = Outputs['get'];
