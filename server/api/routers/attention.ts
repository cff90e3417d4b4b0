// What needs attention: how much, which the bar at the top asks for on every page, and what.
import { countAttention, needsAttention } from '../../services/overview/attention.ts';
import { procedure, router } from '../trpc.ts';

export const attentionRouter = router({
  count: procedure('workspace.read').query(({ ctx }) => countAttention(ctx.service)),
  list: procedure('workspace.read').query(({ ctx }) => needsAttention(ctx.service)),
});
