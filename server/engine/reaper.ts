// Releases what ended runs left outside. The ledger says what that is; nothing is searched for.
import { releaseAtAws } from '../../replication/steps/cloud/release.ts';
import { log } from '../log.ts';
import { settleOrphansAtSource } from '../services/artifacts/at-source.ts';
import { putAsideNeeded } from '../services/artifacts/due.ts';
import { askConnectorToRelease, dueArtifacts, markNotReleased, markReleased } from '../services/artifacts/release.ts';
import type { Targets } from '../services/cloud/target-pool.ts';
import type { ProgramContext } from '../services/context.ts';
import { faultOf } from '../services/database-faults.ts';

/** One pass over what is due, each where it was made. What fails is tried again later, at longer and longer intervals. */
export async function reap(ctx: ProgramContext, targets: Targets, signal: AbortSignal): Promise<void> {
  await putAsideNeeded(ctx.db);
  await settleOrphansAtSource(ctx);
  const due = await dueArtifacts(ctx);
  for (const one of due.cloud) {
    if (signal.aborted) return;
    try {
      await releaseAtAws(one.artifact, one.runId, await targets.at(ctx.db, one.at), signal);
      await markReleased(ctx, one);
    } catch (error) {
      if (signal.aborted) return;
      log().warn(
        { error, artifact: one.artifact.id, kind: one.artifact.kind },
        'could not release; will be tried again',
      );
      await markNotReleased(ctx, one, faultOf(error));
    }
  }
  for (const { connectorId, workspaceId } of due.connectors) await askConnectorToRelease(ctx, workspaceId, connectorId);
}
