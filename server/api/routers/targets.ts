// AWS targets: where runs replicate into, and how each is used. What AWS says of one: jobs.target.
import { changeTarget } from '../../services/cloud/change-target.ts';
import {
  changeSignInInput,
  changeTargetSignIn,
  createSignedInTarget,
  createSignedInTargetInput,
} from '../../services/cloud/sign-in.ts';
import { targetPermissions } from '../../services/cloud/target-permissions.ts';
import { lastTargetTest, testTarget, testTargetInput } from '../../services/cloud/test-target.ts';
import { targetChangeInput } from '../../services/targets/change.ts';
import { deleteTarget, deleteTargetInput } from '../../services/targets/delete.ts';
import { describeTarget } from '../../services/targets/describe.ts';
import { allTargets, listTargets } from '../../services/targets/list.ts';
import { previewTargetChange } from '../../services/targets/preview-change.ts';
import { targetInput } from '../../services/targets/settings.ts';
import { newTargetSignIn, oneTargetInput, requestInput, targetSignIn } from '../../services/targets/sign-in.ts';
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
  create: memberProcedure
    .input(createSignedInTargetInput)
    .mutation(({ ctx, input }) => createSignedInTarget(ctx.service, input)),
  /** Policies, templates and charges for what is chosen. */
  permissions: memberProcedure.input(targetInput).query(({ ctx, input }) => targetPermissions(ctx.service, input)),
  /** Tries each right by name, in less than half a minute. */
  test: memberProcedure.input(testTargetInput).mutation(({ ctx, input }) => testTarget(ctx.service, input)),
  /** Null before the first. */
  lastTest: memberProcedure.input(targetInput).query(({ ctx, input }) => lastTargetTest(ctx.service, input)),
  /** What a change would mean; nothing is written. */
  previewChange: memberProcedure
    .input(targetChangeInput)
    .query(({ ctx, input }) => previewTargetChange(ctx.service, input)),
  update: memberProcedure.input(targetChangeInput).mutation(({ ctx, input }) => changeTarget(ctx.service, input)),
  delete: memberProcedure.input(deleteTargetInput).mutation(({ ctx, input }) => deleteTarget(ctx.service, input)),
  /** How the console and its connectors sign in; never a secret. */
  signIn: memberProcedure.input(oneTargetInput).query(({ ctx, input }) => targetSignIn(ctx.service, input)),
  /** AWS is asked who that is; one of another account is refused. */
  changeSignIn: memberProcedure
    .input(changeSignInInput)
    .mutation(({ ctx, input }) => changeTargetSignIn(ctx.service, input)),
  /** Before a target is created by this request: its external id, and the ways to sign in that may be chosen. */
  externalId: memberProcedure.input(requestInput).query(({ ctx, input }) => newTargetSignIn(ctx.service, input)),
});
