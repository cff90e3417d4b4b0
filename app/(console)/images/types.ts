// Shapes of AMIs as the API answers them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

export type ListedImage = inferRouterOutputs<AppRouter>['images']['list']['items'][number];
