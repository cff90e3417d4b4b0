// Looks after runs that nobody advances. Runs that are due are made by services/jobs/create-due-runs.ts.
import type { ServiceContext } from '../services/context.ts';
import { advanceRun, runsToAdvance } from '../services/runs/advance.ts';
import { endAbandoned } from '../services/tasks/abandon.ts';

/** Advances every open run whose nudge may have been lost, and ends other work that was lost too often. */
export async function sweepRuns(ctx: ServiceContext): Promise<void> {
  await endAbandoned(ctx);
  for (const runId of await runsToAdvance(ctx)) await advanceRun(ctx, runId);
}
