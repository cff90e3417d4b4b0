// How the workspace's AWS target is used. Where it is: jobs.target.
import { describeTarget, targetSettingsInput, updateTargetSettings } from '../../services/targets/settings.ts';
import { memberProcedure, router } from '../trpc.ts';

export const targetsRouter = router({
  get: memberProcedure.query(({ ctx }) => describeTarget(ctx.service)),
  update: memberProcedure
    .input(targetSettingsInput)
    .mutation(({ ctx, input }) => updateTargetSettings(ctx.service, input)),
});
