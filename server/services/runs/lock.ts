// A run, locked for a change.
import { eq } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { type RunRow, replicationRuns } from '../../../db/schema/index.ts';

/** Before its task and its job, everywhere: two that lock in another order wait for each other. Null when there is none. */
export async function lockRun(tx: Queries, runId: string): Promise<RunRow | null> {
  const [run] = await tx.select().from(replicationRuns).where(eq(replicationRuns.id, runId)).for('update');
  return run ?? null;
}
