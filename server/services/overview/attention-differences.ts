// Proving the rows of what needs attention: for tests, and for a person who doubts them.
import { sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';

/** Rows of `attention` that are not what jobs, runs, cutovers and artifacts say, one line each. Reads every row there is. */
export async function wrongAttention(db: Queries): Promise<string[]> {
  const { rows } = await db.execute<{ line: string }>(sql`
    select concat_ws(' ', what || ':', subject_kind, subject_id, kind, cause, place, since) as line
    from attention_differences order by 1`);
  return rows.map(({ line }) => line);
}
