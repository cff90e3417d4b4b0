// Types of connectors as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

type Outputs = inferRouterOutputs<AppRouter>['connectors'];
export type Connector = Outputs['list']['items'][number];
export type EnrolmentCode = Outputs['createCode'];
