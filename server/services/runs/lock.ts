// A run, locked for a change.

import { and, eq } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { type RunRow, replicationRuns } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';

/**
 * Before its task and its job, everywhere: two that lock in another order wait for each other. Null when there is none.
 * @param workspaceId for whoever was told the run's id by a person: a run of another workspace is none
 */
export async function lockRun(tx: Queries, runId: string, workspaceId?: WorkspaceId): Promise<RunRow | null> {
  const [run] = await tx
    .select()
    .from(replicationRuns)
    .where(and(eq(replicationRuns.id, runId), workspaceId ? eq(replicationRuns.workspaceId, workspaceId) : undefined))
    .for('update');
  return run ?? null;
}
