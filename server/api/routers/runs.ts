// Replication runs: history, one run, its log, cancelling.
import { z } from 'zod';
import { listQuerySchema } from '../../services/list-page.ts';
import { cancelRun, cancelRunInput } from '../../services/runs/cancel.ts';
import { getRun, listRuns, runLogLines } from '../../services/runs/list.ts';
import { procedure, router } from '../trpc.ts';

export const runsRouter = router({
  list: procedure('run.read')
    .input(listQuerySchema.extend({ jobId: z.string().optional() }))
    .query(({ ctx, input }) => listRuns(ctx.service, input)),
  get: procedure('run.read')
    .input(z.object({ runId: z.string() }))
    .query(({ ctx, input }) => getRun(ctx.service, input.runId)),
  log: procedure('run.read')
    .input(z.object({ runId: z.string(), after: z.number().int().optional() }))
    .query(({ ctx, input }) => runLogLines(ctx.service, input)),
  cancel: procedure('run.cancel')
    .input(cancelRunInput)
    .mutation(({ ctx, input }) => cancelRun(ctx.service, input)),
});
