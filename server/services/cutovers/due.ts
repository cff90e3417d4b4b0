// Cutovers whose time has come, and those that are under way. The engine calls both every second.

import { and, asc, eq, isNull, lte, sql } from 'drizzle-orm';
import { cutovers, replicationRuns, tasks } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { inTransaction, type ProgramContext, systemContext } from '../context.ts';
import { eachInTurn } from '../each-in-turn.ts';
import type { Round } from '../round.ts';
import { CutoverChange } from './change.ts';
import { begin } from './plan.ts';
import { waitsByItself } from './waits.ts';

/** A cutover that could not begin in time waits for a person: at nine in the morning nobody wants the one of three o'clock. */
const LATEST_START_MS = 30 * 60_000;
const BATCH = 100;

export async function startDueCutovers(ctx: ProgramContext): Promise<void> {
  const due = await ctx.db
    .select({ id: cutovers.id, workspaceId: cutovers.workspaceId })
    .from(cutovers)
    .where(
      and(
        // As the index cutovers_due says it.
        sql`${cutovers.state} = 'planned'`,
        lte(cutovers.startAt, ctx.now()),
        isNull(cutovers.waitingFor),
      ),
    )
    .orderBy(asc(cutovers.startAt))
    .limit(BATCH);
  await eachInTurn('a cutover could not begin', due, ({ id, workspaceId }) =>
    inTransaction(systemContext(ctx.db, workspaceId), workspaceId, async (work) => {
      const [row] = await work.tx
        .select()
        .from(cutovers)
        .where(and(eq(cutovers.id, id), eq(cutovers.state, 'planned')))
        .for('update', { skipLocked: true });
      if (!row?.startAt) return;
      const change = new CutoverChange(work, row, ctx.now());
      const late = change.at.getTime() - row.startAt.getTime();
      if (late > LATEST_START_MS) {
        change.wait('Its time passed while no worker was running. Start it by hand, or cancel it.');
        change.say('warning', `It was to begin ${Math.round(late / 60_000)} min ago; nothing was running then.`);
      } else begin(change, null);
      await change.write();
    }),
  );
}

interface OpenCutover {
  id: string;
  workspaceId: WorkspaceId;
  /** It waits for the same as before, and is best left alone. */
  waits: boolean;
  /** The launch to look at: nothing else is to be done for it. */
  look: string | null;
}

/** The next hundred that are under way and ask nobody, read without a lock; those of a cutover night are more. */
export async function openCutovers(ctx: ProgramContext, round: Round): Promise<OpenCutover[]> {
  const { id, workspaceId, state, step, timeline, options, finalRunId, sourceStopped, launchId } = cutovers;
  const rows = await ctx.db
    .select({
      ...{ id, workspaceId, state, step, timeline, options, finalRunId, sourceStopped, launchId },
      waitingFor: cutovers.waitingFor,
      at: sql<string>`${cutovers.createdAt}::text`,
      run: {
        id: replicationRuns.id,
        state: replicationRuns.state,
        step: replicationRuns.step,
        percent: replicationRuns.percent,
        waitingFor: replicationRuns.waitingFor,
      },
      // An id first: by a null in the first column Drizzle takes it that there is no such row.
      power: { id: tasks.id, holder: tasks.holder, power: tasks.power },
    })
    .from(cutovers)
    // At most one of each: as the indexes replication_runs_one_at_a_time and tasks_one_power say it.
    .leftJoin(
      replicationRuns,
      and(eq(replicationRuns.jobId, cutovers.jobId), sql`${replicationRuns.state} in ('pending', 'active')`),
    )
    .leftJoin(tasks, and(eq(tasks.cutoverId, id), sql`${tasks.kind} = 'power' and ${tasks.state} = 'open'`))
    .where(
      and(sql`${state} in ('active', 'rolling-back')`, isNull(cutovers.question), round.ahead(cutovers.createdAt, id)),
    )
    .orderBy(asc(cutovers.createdAt), asc(id))
    .limit(BATCH);
  round.took(rows, BATCH);
  return rows.map((row) => ({
    id: row.id,
    workspaceId: row.workspaceId,
    waits: row.waitingFor !== null && row.waitingFor === waitsByItself(row, row, ctx.now()),
    look: row.state === 'active' && row.step === 'check-instance' ? row.launchId : null,
  }));
}
