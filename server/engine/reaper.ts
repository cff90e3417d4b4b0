// Releases what ended runs left outside. The ledger says what that is; nothing is searched for.
import { eq, inArray, sql } from 'drizzle-orm';
import { newId } from '../../db/ids.ts';
import { artifacts, connectors, events, replicationRuns, tasks } from '../../db/schema/index.ts';
import { releasedBy } from '../../replication/model/artifact.ts';
import { toFault } from '../../replication/model/fault.ts';
import { releaseAtAws } from '../../replication/steps/cloud/release.ts';
import type { AwsTarget } from '../../replication/target/aws/target.ts';
import { log } from '../log.ts';
import { inTransaction, type ServiceContext } from '../services/context.ts';
import { dueForRelease, toArtifact } from '../services/tasks/claim.ts';
import { hintTasks } from '../services/tasks/held.ts';

const BATCH = 50;

/** One pass. AMIs come before the snapshots that they use. */
export async function reap(ctx: ServiceContext, target: AwsTarget, signal: AbortSignal): Promise<void> {
  const rows = await ctx.db
    .select({ artifact: artifacts, connectorGone: sql<boolean>`${connectors.disassociatedAt} is not null` })
    .from(artifacts)
    .innerJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .leftJoin(connectors, eq(connectors.id, artifacts.connectorId))
    .where(dueForRelease())
    .orderBy(
      sql`array_position(array['import-image-task','import-snapshot-task','image','ebs-snapshot'], ${artifacts.kind})`,
      artifacts.createdAt,
    )
    .limit(BATCH);
  const byConnector = new Map<string, string>();
  for (const { artifact, connectorGone } of rows) {
    if (signal.aborted) return;
    if (releasedBy(artifact.kind) === 'connector') {
      if (artifact.connectorId && !connectorGone) byConnector.set(artifact.connectorId, artifact.workspaceId);
      continue;
    }
    try {
      await releaseAtAws(toArtifact(artifact), target, signal);
      await markReleased(ctx, artifact);
    } catch (error) {
      if (signal.aborted) return;
      const attempts = artifact.releaseAttempts + 1;
      log().warn({ error, artifact: artifact.id, kind: artifact.kind }, 'could not release; will be tried again');
      await ctx.db
        .update(artifacts)
        .set({
          releaseAttempts: attempts,
          releaseFault: toFault(error),
          releaseNotBefore: sql`now() + make_interval(secs => ${Math.min(600, 2 ** Math.min(attempts, 9))})`,
        })
        .where(eq(artifacts.id, artifact.id));
    }
  }
  for (const [connectorId, workspaceId] of byConnector) {
    await inTransaction(ctx, workspaceId, async ({ tx }) => {
      const [made] = await tx
        .insert(tasks)
        .values({ id: newId.task(), workspaceId, kind: 'release-artifacts', place: 'connector', connectorId })
        .onConflictDoNothing()
        .returning({ id: tasks.id });
      if (made) await hintTasks(tx, connectorId);
    });
  }
}

async function markReleased(ctx: ServiceContext, artifact: typeof artifacts.$inferSelect): Promise<void> {
  await inTransaction(ctx, artifact.workspaceId, async ({ tx, event }) => {
    await tx
      .update(artifacts)
      .set({ state: 'released', releasedAt: ctx.now(), releaseFault: null })
      .where(eq(artifacts.id, artifact.id));
    if (artifact.runId) event({ topic: 'runs', subjectId: artifact.runId, kind: 'progress' });
  });
}

/** Old rows that nobody reads any more: progress after an hour, events after a week, ended tasks of no run after a day. */
export async function trimHistory(ctx: ServiceContext): Promise<void> {
  await ctx.db
    .delete(events)
    .where(
      sql`${events.at} < now() - interval '7 days' or (${events.kind} = 'progress' and ${events.at} < now() - interval '1 hour')`,
    );
  await ctx.db
    .delete(tasks)
    .where(
      sql`${inArray(tasks.kind, ['import-catalog', 'release-artifacts'])} and ${tasks.state} <> 'open' and ${tasks.endedAt} < now() - interval '1 day'`,
    );
}
