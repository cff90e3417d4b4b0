// Looks after runs that nobody advances. Runs that are due are made by services/jobs/create-due-runs.ts.
import type { ProgramContext } from '../services/context.ts';
import { eachInTurn } from '../services/each-in-turn.ts';
import { advanceRun } from '../services/runs/advance.ts';
import { runsToAdvance, type SweepRounds } from '../services/runs/sweep.ts';
import { endAbandoned } from '../services/tasks/abandon.ts';

/** Advances open runs whose nudge may have been lost, the next of them each time, and ends other work that was lost too often. */
export async function sweepRuns(ctx: ProgramContext, rounds: SweepRounds): Promise<void> {
  await endAbandoned(ctx);
  const open = (await runsToAdvance(ctx, rounds)).map((id) => ({ id }));
  await eachInTurn('a run could not be advanced', open, ({ id }) => advanceRun(ctx, id));
}
