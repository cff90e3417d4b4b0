// AWS targets: where runs replicate into, and how each is used. What AWS says of one: jobs.target.
import { targetChangeInput } from '../../services/targets/change.ts';
import { createTarget, createTargetInput } from '../../services/targets/create.ts';
import { deleteTarget, deleteTargetInput } from '../../services/targets/delete.ts';
import { describeTarget } from '../../services/targets/describe.ts';
import { allTargets, listTargets } from '../../services/targets/list.ts';
import { previewTargetChange } from '../../services/targets/preview-change.ts';
import { targetInput } from '../../services/targets/settings.ts';
import { updateTarget } from '../../services/targets/update.ts';
import { targetUsage, targetUsageInput } from '../../services/targets/usage.ts';
import { memberProcedure, router } from '../trpc.ts';

export const targetsRouter = router({
  /** Those that a job can go into. */
  list: memberProcedure.query(({ ctx }) => listTargets(ctx.service)),
  /** Also retired ones. */
  all: memberProcedure.query(({ ctx }) => allTargets(ctx.service)),
  /** Without an id: the workspace's first. */
  get: memberProcedure.input(targetInput).query(({ ctx, input }) => describeTarget(ctx.service, input)),
  usage: memberProcedure.input(targetUsageInput).query(({ ctx, input }) => targetUsage(ctx.service, input)),
  create: memberProcedure.input(createTargetInput).mutation(({ ctx, input }) => createTarget(ctx.service, input)),
  /** What a change would mean; nothing is written. */
  previewChange: memberProcedure
    .input(targetChangeInput)
    .query(({ ctx, input }) => previewTargetChange(ctx.service, input)),
  update: memberProcedure.input(targetChangeInput).mutation(({ ctx, input }) => updateTarget(ctx.service, input)),
  delete: memberProcedure.input(deleteTargetInput).mutation(({ ctx, input }) => deleteTarget(ctx.service, input)),
});
