// Types of AMIs as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

export type ListedImage = inferRouterOutputs<AppRouter>['images']['list']['items'][number];
