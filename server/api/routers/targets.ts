// AWS targets: where runs replicate into, and how each is used. What AWS says of one: jobs.target.
import { changePlaceInput, changeTargetPlace } from '../../services/targets/change-place.ts';
import { createTarget, createTargetInput } from '../../services/targets/create.ts';
import { listTargets } from '../../services/targets/list.ts';
import {
  describeTarget,
  targetInput,
  targetSettingsInput,
  updateTargetSettings,
} from '../../services/targets/settings.ts';
import { memberProcedure, router } from '../trpc.ts';

export const targetsRouter = router({
  list: memberProcedure.query(({ ctx }) => listTargets(ctx.service)),
  /** Without an id: the workspace's first. */
  get: memberProcedure.input(targetInput).query(({ ctx, input }) => describeTarget(ctx.service, input)),
  create: memberProcedure.input(createTargetInput).mutation(({ ctx, input }) => createTarget(ctx.service, input)),
  update: memberProcedure
    .input(targetSettingsInput)
    .mutation(({ ctx, input }) => updateTargetSettings(ctx.service, input)),
  /** Another bucket, prefix or Region, for runs from then on. */
  changePlace: memberProcedure
    .input(changePlaceInput)
    .mutation(({ ctx, input }) => changeTargetPlace(ctx.service, input)),
});
