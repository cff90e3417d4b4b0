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
import { memberProcedure, router } from '../trpc.ts';

export const cutoversRouter = router({
  list: memberProcedure.input(listQuerySchema).query(({ ctx, input }) => listCutovers(ctx.service, input)),
  get: memberProcedure.input(cutoverInput).query(({ ctx, input }) => getCutover(ctx.service, input.cutoverId)),
  /** For the plan: what a cutover of the job would find now. */
  readiness: memberProcedure.input(readinessInput).query(({ ctx, input }) => readCutoverReadiness(ctx.service, input)),
  evidence: memberProcedure
    .input(cutoverInput)
    .query(({ ctx, input }) => cutoverEvidence(ctx.service, input.cutoverId)),
  plan: memberProcedure.input(planCutoverInput).mutation(({ ctx, input }) => planCutover(ctx.service, input)),
  start: memberProcedure.input(cutoverInput).mutation(({ ctx, input }) => startCutover(ctx.service, input)),
  answer: memberProcedure.input(answerInput).mutation(({ ctx, input }) => answerCutover(ctx.service, input)),
  comment: memberProcedure.input(commentInput).mutation(({ ctx, input }) => commentOnCutover(ctx.service, input)),
  cancel: memberProcedure.input(cutoverInput).mutation(({ ctx, input }) => cancelCutover(ctx.service, input)),
  rollBack: memberProcedure.input(cutoverInput).mutation(({ ctx, input }) => rollBackCutover(ctx.service, input)),
  finish: memberProcedure.input(cutoverInput).mutation(({ ctx, input }) => finishCutover(ctx.service, input)),
});
