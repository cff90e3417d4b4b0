// Open runs that nobody tends: their nudge may have been lost, or the holder of their step.
import { and, asc, inArray, sql } from 'drizzle-orm';
import { replicationRuns } from '../../../db/schema/index.ts';
import type { ServiceContext } from '../context.ts';

const BATCH = 500;

/** Ids of pending runs, and of active ones whose step nobody holds, oldest first. */
export async function untendedRuns(ctx: ServiceContext): Promise<string[]> {
  const rows = await ctx.db
    .select({ id: replicationRuns.id })
    .from(replicationRuns)
    .where(
      and(
        inArray(replicationRuns.state, ['pending', 'active']),
        sql`not exists (select 1 from tasks t where t.kind = 'step' and t.run_id = ${replicationRuns.id} and t.step_id = ${replicationRuns.step}
          and t.state = 'open' and t.holder is not null and t.lease_until >= now())`,
      ),
    )
    .orderBy(asc(replicationRuns.createdAt))
    .limit(BATCH);
  return rows.map(({ id }) => id);
}
