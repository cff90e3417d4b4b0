// Targets that AMIs of other targets are copied to.
import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { awsTargets } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { copyProblem, type Distributes } from '../../../replication/model/distribution.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { openTargetOf } from './store.ts';

/**
 * Whether AMIs can be copied to each target that is named. Until the transaction ends none of them is deleted.
 * @throws `input-invalid`, `not-found`, `conflict`
 */
export async function checkCopyTargets(
  tx: Queries,
  workspaceId: WorkspaceId,
  from: Distributes & { id: string },
): Promise<void> {
  for (const [at, entry] of from.distribution.entries()) {
    if (entry.kind !== 'target') continue;
    const { target, place } = await openTargetOf(tx, workspaceId, entry.targetId);
    const problem = target.id === from.id ? 'That is this target.' : copyProblem(from, place);
    if (!problem) continue;
    throw faultError('input-invalid', {
      message: `Sharing and copying of AMIs, entry ${at + 1} (${target.name}): ${problem}`,
    });
  }
}

/** Names of the targets that copy their AMIs to this one. */
export async function copiedFrom(tx: Queries, workspaceId: WorkspaceId, targetId: string): Promise<string[]> {
  const entry = JSON.stringify([{ kind: 'target', targetId }]);
  const rows = await tx
    .select({ name: awsTargets.name })
    .from(awsTargets)
    .where(
      and(
        eq(awsTargets.workspaceId, workspaceId),
        ne(awsTargets.id, targetId),
        isNull(awsTargets.retiredAt),
        sql`${awsTargets.distribution} @> ${entry}::jsonb`,
      ),
    )
    .orderBy(awsTargets.name);
  return rows.map(({ name }) => name);
}
