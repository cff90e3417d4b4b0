// Cutovers whose time has come, and those that are under way. The engine calls both every second.
import { and, asc, eq, isNull, lte, sql } from 'drizzle-orm';
import { cutovers } from '../../../db/schema/index.ts';
import { inTransaction, type ServiceContext, systemContext } from '../context.ts';
import { eachInTurn } from '../each-in-turn.ts';
import type { Round } from '../round.ts';
import { CutoverChange } from './change.ts';
import { begin } from './plan.ts';

/** A cutover that could not begin in time waits for a person: at nine in the morning nobody wants the one of three o'clock. */
const LATEST_START_MS = 30 * 60_000;
const BATCH = 100;

export async function startDueCutovers(ctx: ServiceContext): Promise<void> {
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

/** The next hundred that are under way and ask nobody; those of a cutover night are more. */
export async function openCutovers(ctx: ServiceContext, round: Round): Promise<{ id: string; workspaceId: string }[]> {
  const rows = await ctx.db
    .select({ id: cutovers.id, workspaceId: cutovers.workspaceId, at: sql<string>`${cutovers.createdAt}::text` })
    .from(cutovers)
    .where(
      and(
        sql`${cutovers.state} in ('active', 'rolling-back')`,
        isNull(cutovers.question),
        round.ahead(cutovers.createdAt, cutovers.id),
      ),
    )
    .orderBy(asc(cutovers.createdAt), asc(cutovers.id))
    .limit(BATCH);
  round.took(rows, BATCH);
  return rows;
}
