// Types of the activity as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

export type ActivityEntry = inferRouterOutputs<AppRouter>['activity']['list']['items'][number];
