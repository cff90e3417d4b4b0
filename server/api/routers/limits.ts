// How many runs may be active at once.
import { getRunLimits, runLimitsInput, updateRunLimits } from '../../services/limits/limits.ts';
import { memberProcedure, router } from '../trpc.ts';

export const limitsRouter = router({
  get: memberProcedure.query(({ ctx }) => getRunLimits(ctx.service)),
  update: memberProcedure.input(runLimitsInput).mutation(({ ctx, input }) => updateRunLimits(ctx.service, input)),
});
