// The shape of the evidence as the API answers it.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../../../server/api/root.ts';

export type Evidence = inferRouterOutputs<AppRouter>['cutovers']['evidence'];
