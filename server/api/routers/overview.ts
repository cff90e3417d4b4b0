// The overview, and the first run of a lab by one press.
import { environment } from '../../env.ts';
import { forgetLeftOvers, leftOversInput, listLeftOvers, retryRelease } from '../../services/artifacts/left-overs.ts';
import { getOverview } from '../../services/overview/get.ts';
import { replicateSmallest } from '../../services/overview/replicate-smallest.ts';
import { procedure, router } from '../trpc.ts';

export const overviewRouter = router({
  get: procedure('workspace.read').query(({ ctx }) => getOverview(ctx.service)),
  leftOvers: procedure('workspace.read').query(({ ctx }) => listLeftOvers(ctx.service)),
  retryRelease: procedure('artifact.retry')
    .input(leftOversInput)
    .mutation(({ ctx, input }) => retryRelease(ctx.service, input)),
  forgetLeftOvers: procedure('artifact.forget')
    .input(leftOversInput)
    .mutation(({ ctx, input }) => forgetLeftOvers(ctx.service, input)),
  replicateSmallest: procedure('catalog.import').mutation(({ ctx }) =>
    replicateSmallest(ctx.service, { lab: environment('web').LANDFALL_LAB }),
  ),
});
