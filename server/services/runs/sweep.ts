// Runs that nobody advances: their nudge may have been lost, or the holder of their step. A worker goes round them.
import { and, asc, sql } from 'drizzle-orm';
import { replicationRuns } from '../../../db/schema/index.ts';
import type { ProgramContext } from '../context.ts';
import { type Places, placesOf, whyNoPlace } from '../limits/limits.ts';
import type { Round } from '../round.ts';
import { needsPlace, readPending, whyHeldBack } from './pending.ts';

/** Each costs some milliseconds, and what makes room or is there again nudges runs by itself: this only catches what was missed. */
const LOOKED_AT_ONCE = 5;

/** Where a worker is in what it sweeps. */
export interface SweepRounds {
  active: Round;
  pending: Round;
}

/**
 * Ids of active runs whose step nobody holds, and of pending ones that no longer wait for what they say. There may be many of
 * either, so they are looked at in turn; without a lock, since by far the most go on waiting.
 */
export async function runsToAdvance(ctx: ProgramContext, rounds: SweepRounds): Promise<string[]> {
  const { id, createdAt } = replicationRuns;
  const active = await ctx.db
    .select({ id, at: sql<string>`${createdAt}::text` })
    .from(replicationRuns)
    .where(
      and(
        sql`${replicationRuns.state} = 'active'`,
        rounds.active.ahead(createdAt, id),
        sql`not exists (select 1 from tasks t where t.kind = 'step' and t.run_id = ${replicationRuns.id} and t.step_id = ${replicationRuns.step}
          and t.state = 'open' and t.holder is not null and t.lease_until >= now())`,
      ),
    )
    .orderBy(asc(createdAt), asc(id))
    .limit(LOOKED_AT_ONCE);
  rounds.active.took(active, LOOKED_AT_ONCE);
  const pending = await pendingToAdvance(ctx, rounds.pending);
  return [...active.map((run) => run.id), ...pending];
}

async function pendingToAdvance(ctx: ProgramContext, round: Round): Promise<string[]> {
  const { id, createdAt } = replicationRuns;
  const rows = await readPending(ctx.db)
    .where(and(sql`${replicationRuns.state} = 'pending'`, round.ahead(createdAt, id)))
    .orderBy(asc(createdAt), asc(id))
    .limit(LOOKED_AT_ONCE);
  round.took(rows, LOOKED_AT_ONCE);
  const places = new Map<string, Places>();
  const ready: string[] = [];
  for (const run of rows) {
    let why = whyHeldBack(run, ctx.now());
    if (!why && run.connector && needsPlace(run)) {
      const known = places.get(run.workspaceId) ?? (await placesOf(ctx.db, run.workspaceId));
      places.set(run.workspaceId, known);
      why = whyNoPlace(known, run.place, run.connector);
    }
    if (run.cancelRequestedAt || !why || why !== run.waitingFor) ready.push(run.id);
  }
  return ready;
}
