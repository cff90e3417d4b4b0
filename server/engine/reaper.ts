// Releases what ended runs left outside. The ledger says what that is; nothing is searched for.
import { type Fault, fault } from '../../replication/model/fault.ts';
import { releaseAtAws } from '../../replication/steps/cloud/release.ts';
import { log } from '../log.ts';
import { settleOrphansAtSource } from '../services/artifacts/at-source.ts';
import { putAsideNeeded } from '../services/artifacts/due.ts';
import {
  askConnectorToRelease,
  type DueArtifact,
  dueArtifacts,
  markNotReleased,
  markReleased,
} from '../services/artifacts/release.ts';
import { atEachTarget } from '../services/cloud/each-target.ts';
import type { Targets } from '../services/cloud/target-pool.ts';
import type { ProgramContext } from '../services/context.ts';
import { faultOf } from '../services/database-faults.ts';

/** One pass over what is due, each where it was made. What fails is tried again later, at longer and longer intervals. */
export async function reap(
  ctx: ProgramContext,
  targets: Targets,
  signal: AbortSignal,
  options: { turnMs?: number } = {},
): Promise<void> {
  await putAsideNeeded(ctx.db);
  await settleOrphansAtSource(ctx);
  const due = await dueArtifacts(ctx);
  const lying = due.cloud.map((one) => ({ ...one, targetId: one.at.targetId }));
  await atEachTarget(lying, (own, turn) => release(ctx, targets, own, { signal, turn }), { signal, ...options });
  for (const { connectorId, workspaceId } of due.connectors) await askConnectorToRelease(ctx, workspaceId, connectorId);
}

/** What lies in one target. While that does not answer, nothing more is asked of it: all of it is tried again later. */
async function release(
  ctx: ProgramContext,
  targets: Targets,
  due: DueArtifact[],
  { signal, turn }: { signal: AbortSignal; turn: AbortSignal },
): Promise<void> {
  let silent: Fault | null = null;
  for (const one of due) {
    if (signal.aborted) return;
    try {
      if (!silent) {
        await releaseAtAws(one.artifact, one.runId, await targets.at(ctx.db, one.at), turn);
        await markReleased(ctx, one);
        continue;
      }
    } catch (error) {
      if (signal.aborted) return;
      log().warn(
        { error, artifact: one.artifact.id, kind: one.artifact.kind },
        'could not release; will be tried again',
      );
      const found = turn.aborted ? fault('aws-unreachable', { cause: 'It did not answer in time.' }) : faultOf(error);
      if (found.code !== 'aws-unreachable') {
        await markNotReleased(ctx, one, found);
        continue;
      }
      silent = found;
    }
    await markNotReleased(ctx, one, silent);
  }
}
