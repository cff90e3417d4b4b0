// Keeping the counts short, and proving them. What is folded, and how, says the migration that made `fold_tallies`.
import { sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import type { ServiceContext } from '../context.ts';

/** Changes that one statement folds: some milliseconds' work. */
const BATCH = 1_000;

/** Folds what was appended since the last time; several workers may do this at once. Answers how many changes it took in. */
export async function foldTallies(ctx: ServiceContext): Promise<number> {
  let all = 0;
  for (;;) {
    const { rows } = await ctx.db.execute<{ taken: number }>(sql`select fold_tallies(${BATCH}::int) as taken`);
    const taken = rows[0]?.taken ?? 0;
    all += taken;
    if (taken < BATCH) return all;
  }
}

/** Where the counts are not what counting anew gives, one line each; empty when all are right. Reads every row there is. */
export async function wrongTallies(db: Queries): Promise<string[]> {
  const { rows } = await db.execute<{ line: string }>(sql`
    with kept as (
      select workspace_id, name, bucket, sum(count) as count, sum(read_bytes) as read_bytes, sum(sent_bytes) as sent_bytes
      from tallies
      group by 1, 2, 3
      having sum(count) <> 0 or sum(read_bytes) <> 0 or sum(sent_bytes) <> 0
    )
    select concat_ws(' ', workspace_id, name, bucket || ':',
      kept.count, kept.read_bytes, kept.sent_bytes, 'kept,',
      counted.count, counted.read_bytes, counted.sent_bytes, 'counted') as line
    from kept full join counted_tallies() counted using (workspace_id, name, bucket)
    where (kept.count, kept.read_bytes, kept.sent_bytes)
      is distinct from (counted.count, counted.read_bytes, counted.sent_bytes)
    order by 1`);
  return rows.map(({ line }) => line);
}
