// Cutovers of replication jobs.
import { answerCutover, answerInput } from '../../services/cutovers/answer.ts';
import { commentInput, commentOnCutover, finishCutover } from '../../services/cutovers/finish.ts';
import { cutoverEvidence, getCutover, listCutovers } from '../../services/cutovers/list.ts';
import {
  cutoverInput,
  planCutover,
  planCutoverInput,
  readCutoverReadiness,
  readinessInput,
  startCutover,
} from '../../services/cutovers/plan.ts';
import { cancelCutover, rollBackCutover } from '../../services/cutovers/roll-back.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { procedure, router } from '../trpc.ts';

export const cutoversRouter = router({
  list: procedure('cutover.read')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listCutovers(ctx.service, input)),
  get: procedure('cutover.read')
    .input(cutoverInput)
    .query(({ ctx, input }) => getCutover(ctx.service, input.cutoverId)),
  /** For the plan: what a cutover of the job would find now. */
  readiness: procedure('cutover.read')
    .input(readinessInput)
    .query(({ ctx, input }) => readCutoverReadiness(ctx.service, input)),
  evidence: procedure('cutover.read')
    .input(cutoverInput)
    .query(({ ctx, input }) => cutoverEvidence(ctx.service, input.cutoverId)),
  plan: procedure('cutover.plan')
    .input(planCutoverInput)
    .mutation(({ ctx, input }) => planCutover(ctx.service, input)),
  start: procedure('cutover.start')
    .input(cutoverInput)
    .mutation(({ ctx, input }) => startCutover(ctx.service, input)),
  answer: procedure('cutover.decide')
    .input(answerInput)
    .mutation(({ ctx, input }) => answerCutover(ctx.service, input)),
  comment: procedure('cutover.comment')
    .input(commentInput)
    .mutation(({ ctx, input }) => commentOnCutover(ctx.service, input)),
  cancel: procedure('cutover.cancel')
    .input(cutoverInput)
    .mutation(({ ctx, input }) => cancelCutover(ctx.service, input)),
  rollBack: procedure('cutover.roll-back')
    .input(cutoverInput)
    .mutation(({ ctx, input }) => rollBackCutover(ctx.service, input)),
  finish: procedure('cutover.decide')
    .input(cutoverInput)
    .mutation(({ ctx, input }) => finishCutover(ctx.service, input)),
});
