// Types of members as the API returns them.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../../server/api/root.ts';

type Outputs = inferRouterOutputs<AppRouter>['members'];
export type Member = Outputs['list']['items'][number];
export type Invitation = Outputs['invitations'][number];
/** A link as it was made: its secret is in it, and nowhere else. */
export type MadeLink = Outputs['invite'];
