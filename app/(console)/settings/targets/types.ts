// Types of AWS targets as the API takes and returns them.
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../../server/api/root.ts';

type Outputs = inferRouterOutputs<AppRouter>;
export type Target = Outputs['targets']['get'];
export type ListedTarget = Outputs['targets']['all'][number];
export type TargetUsage = Outputs['targets']['usage'];
export type ChangePreview = Outputs['targets']['previewChange'];
export type SignInInput = inferRouterInputs<AppRouter>['targets']['create']['signIn'];
