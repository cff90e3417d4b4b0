// What the server offers for a launch, as the wizard's parts take it.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../../../server/api/root.ts';

export type LaunchChoices = inferRouterOutputs<AppRouter>['instances']['choices'];
