// How many runs may be active at once.
import { getRunLimits, runLimitsInput, updateRunLimits } from '../../services/limits/limits.ts';
import { procedure, router } from '../trpc.ts';

export const limitsRouter = router({
  get: procedure('limit.read').query(({ ctx }) => getRunLimits(ctx.service)),
  update: procedure('limit.manage')
    .input(runLimitsInput)
    .mutation(({ ctx, input }) => updateRunLimits(ctx.service, input)),
});
