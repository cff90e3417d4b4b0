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
import { procedure, router } from '../trpc.ts';

export const targetsRouter = router({
  /** Those that a job can go into. */
  list: procedure('target.read').query(({ ctx }) => listTargets(ctx.service)),
  /** Also retired ones. */
  all: procedure('target.read').query(({ ctx }) => allTargets(ctx.service)),
  /** Without an id: the workspace's first. */
  get: procedure('target.read')
    .input(targetInput)
    .query(({ ctx, input }) => describeTarget(ctx.service, input)),
  usage: procedure('target.read')
    .input(targetUsageInput)
    .query(({ ctx, input }) => targetUsage(ctx.service, input)),
  create: procedure('target.manage')
    .input(createSignedInTargetInput)
    .mutation(({ ctx, input }) => createSignedInTarget(ctx.service, input)),
  /** Policies, templates and charges for what is chosen. */
  permissions: procedure('target.read')
    .input(targetInput)
    .query(({ ctx, input }) => targetPermissions(ctx.service, input)),
  /** Tries each right by name, in less than half a minute. */
  test: procedure('target.manage')
    .input(testTargetInput)
    .mutation(({ ctx, input }) => testTarget(ctx.service, input)),
  /** Null before the first. */
  lastTest: procedure('target.read')
    .input(targetInput)
    .query(({ ctx, input }) => lastTargetTest(ctx.service, input)),
  /** What a change would mean; nothing is written. */
  previewChange: procedure('target.manage')
    .input(targetChangeInput)
    .query(({ ctx, input }) => previewTargetChange(ctx.service, input)),
  update: procedure('target.manage')
    .input(targetChangeInput)
    .mutation(({ ctx, input }) => changeTarget(ctx.service, input)),
  delete: procedure('target.manage')
    .input(deleteTargetInput)
    .mutation(({ ctx, input }) => deleteTarget(ctx.service, input)),
  /** How the console and its connectors sign in; never a secret. */
  signIn: procedure('target.read')
    .input(oneTargetInput)
    .query(({ ctx, input }) => targetSignIn(ctx.service, input)),
  /** AWS is asked who that is; one of another account is refused. */
  changeSignIn: procedure('target.manage')
    .input(changeSignInInput)
    .mutation(({ ctx, input }) => changeTargetSignIn(ctx.service, input)),
  /** Before a target is created by this request: its external id, and the ways to sign in that may be chosen. */
  externalId: procedure('target.manage')
    .input(requestInput)
    .query(({ ctx, input }) => newTargetSignIn(ctx.service, input)),
});
