// Releases what ended runs left outside. The ledger says what that is; nothing is searched for.
import { fault } from '../../replication/model/fault.ts';
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
  putOff,
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
  // A copy lies in another Region than its target, and an earlier place of a target may lie in another account.
  const apart = ({ at, artifact }: DueArtifact) =>
    `${at.targetId}/${at.targetRevision}/${artifact.details.region ?? ''}`;
  await atEachTarget(lying, (own, turn) => release(ctx, targets, own, { signal, turn }), { signal, apart, ...options });
  for (const { connectorId, workspaceId } of due.connectors) await askConnectorToRelease(ctx, workspaceId, connectorId);
}

/** What lies in one place. When that does not answer, or its turn ends, the rest waits with what was asked last, and no try is counted. */
async function release(
  ctx: ProgramContext,
  targets: Targets,
  due: DueArtifact[],
  { signal, turn }: { signal: AbortSignal; turn: AbortSignal },
): Promise<void> {
  for (const [at, one] of due.entries()) {
    if (signal.aborted) return;
    const rest = due.slice(at + 1);
    try {
      await releaseAtAws(one.artifact, one.runId, await targets.at(ctx.db, one.at), turn);
      await markReleased(ctx, one);
      if (turn.aborted) return putOff(ctx, one, rest);
    } catch (error) {
      if (signal.aborted) return;
      log().warn(
        { error, artifact: one.artifact.id, kind: one.artifact.kind },
        'could not release; will be tried again',
      );
      const found = turn.aborted ? fault('aws-unreachable', { cause: 'It did not answer in time.' }) : faultOf(error);
      await markNotReleased(ctx, one, found);
      if (found.code === 'aws-unreachable') return putOff(ctx, one, rest);
    }
  }
}
