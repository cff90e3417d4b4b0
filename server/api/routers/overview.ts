// The overview, and the first run of a lab by one press.
import { environment } from '../../env.ts';
import { forgetLeftOvers, leftOversInput, listLeftOvers, retryRelease } from '../../services/artifacts/left-overs.ts';
import { getOverview } from '../../services/overview/get.ts';
import { replicateSmallest } from '../../services/overview/replicate-smallest.ts';
import { memberProcedure, router } from '../trpc.ts';

export const overviewRouter = router({
  get: memberProcedure.query(({ ctx }) => getOverview(ctx.service)),
  leftOvers: memberProcedure.query(({ ctx }) => listLeftOvers(ctx.service)),
  retryRelease: memberProcedure.input(leftOversInput).mutation(({ ctx, input }) => retryRelease(ctx.service, input)),
  forgetLeftOvers: memberProcedure
    .input(leftOversInput)
    .mutation(({ ctx, input }) => forgetLeftOvers(ctx.service, input)),
  replicateSmallest: memberProcedure.mutation(({ ctx }) =>
    replicateSmallest(ctx.service, { lab: environment('web').LANDFALL_LAB }),
  ),
});
