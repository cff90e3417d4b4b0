import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../../server/api/root.ts';

export type Channels = inferRouterOutputs<AppRouter>['notifications']['channels'];
export type Channel = Channels['channels'][number];
export type Delivery = inferRouterOutputs<AppRouter>['deliveries']['list']['items'][number];
export type NewChannel = inferRouterInputs<AppRouter>['notifications']['create'];
