// Types of settings as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

type Outputs = inferRouterOutputs<AppRouter>;
export type RunLimits = Outputs['limits']['get'];
export type WorkspaceSso = Outputs['sso']['get'];
export type GroupRole = WorkspaceSso['groups'][number];
