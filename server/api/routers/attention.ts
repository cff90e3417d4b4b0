// What needs attention: how much, which the bar at the top asks for on every page, and what.
import { countAttention, needsAttention } from '../../services/overview/attention.ts';
import { memberProcedure, router } from '../trpc.ts';

export const attentionRouter = router({
  count: memberProcedure.query(({ ctx }) => countAttention(ctx.service)),
  list: memberProcedure.query(({ ctx }) => needsAttention(ctx.service)),
});
