// Looks after runs that nobody advances. Runs that are due are made by services/jobs/create-due-runs.ts.
import type { ServiceContext } from '../services/context.ts';
import { advanceRun, runsToAdvance, type SweepRounds } from '../services/runs/advance.ts';
import { endAbandoned } from '../services/tasks/abandon.ts';

/** Advances open runs whose nudge may have been lost, the next of them each time, and ends other work that was lost too often. */
export async function sweepRuns(ctx: ServiceContext, rounds: SweepRounds): Promise<void> {
  await endAbandoned(ctx);
  for (const runId of await runsToAdvance(ctx, rounds)) await advanceRun(ctx, runId);
}
