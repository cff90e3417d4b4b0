// The ledger's due rows, and what became of them. The worker's reaper calls these; it does the releasing itself.

import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { artifacts, connectors, replicationRuns, tasks } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import type { Artifact } from '../../../replication/model/artifact.ts';
import type { Fault } from '../../../replication/model/fault.ts';
import { inTransaction, type ProgramContext } from '../context.ts';
import { hintTasks } from '../leases/hints.ts';
import type { AtPlace } from '../targets/store.ts';
import { afterFailedRelease, dueForRelease, firstAtAws, firstAtSource } from './due.ts';
import { toArtifact } from './ledger.ts';

const BATCH = 50;

export interface DueArtifact {
  artifact: Artifact;
  /** Where it lies. */
  at: AtPlace;
  workspaceId: WorkspaceId;
  runId: string | null;
}

/** What the cloud side has to release now (AMIs before the snapshots that they use), and which connectors have something to do. */
export async function dueArtifacts(
  ctx: ProgramContext,
): Promise<{ cloud: DueArtifact[]; connectors: { connectorId: string; workspaceId: WorkspaceId }[] }> {
  const rows = await ctx.db
    .select({ row: artifacts })
    .from(artifacts)
    .leftJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .where(and(sql`${artifacts.id} in ${firstAtAws()}`, dueForRelease()))
    .orderBy(
      sql`array_position(array['import-image-task','import-snapshot-task','image','ebs-snapshot'], ${artifacts.kind})`,
      artifacts.createdAt,
    )
    .limit(BATCH);
  const waiting = await ctx.db
    .selectDistinct({ connectorId: connectors.id, workspaceId: connectors.workspaceId })
    .from(artifacts)
    .innerJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .innerJoin(connectors, eq(connectors.id, artifacts.connectorId))
    .where(and(sql`${artifacts.id} in ${firstAtSource()}`, dueForRelease(), isNull(connectors.disassociatedAt)));
  return {
    cloud: rows.flatMap(({ row }) => {
      const { targetId, targetRevision, workspaceId, runId } = row;
      if (targetId === null || targetRevision === null) return [];
      return [{ artifact: toArtifact(row), at: { targetId, targetRevision }, workspaceId, runId }];
    }),
    connectors: waiting,
  };
}

export async function markReleased(ctx: ProgramContext, due: DueArtifact): Promise<void> {
  await inTransaction(ctx, due.workspaceId, async ({ tx, event }) => {
    await tx
      .update(artifacts)
      .set({ state: 'released', releasedAt: ctx.now(), releaseFault: null })
      .where(eq(artifacts.id, due.artifact.id));
    if (due.runId) event({ topic: 'runs', subjectId: due.runId, kind: 'progress' });
  });
}

export async function markNotReleased(ctx: ProgramContext, due: DueArtifact, fault: Fault): Promise<void> {
  await ctx.db.update(artifacts).set(afterFailedRelease(fault)).where(eq(artifacts.id, due.artifact.id));
}

/** What was not asked, since `asked` was the last for now, waits as long as that one, but for no hour that another earned. */
export async function putOff(ctx: ProgramContext, asked: DueArtifact, rest: readonly DueArtifact[]): Promise<void> {
  const until = sql`(select first.release_not_before from ${artifacts} first where first.id = ${asked.artifact.id})`;
  const ids = rest.map(({ artifact }) => artifact.id);
  await ctx.db
    .update(artifacts)
    .set({ releaseNotBefore: sql`least(${until}, now() + interval '15 minutes')` })
    .where(inArray(artifacts.id, ids));
}

/** Asks a connector to release what only it can reach; one request is enough. */
export async function askConnectorToRelease(
  ctx: ProgramContext,
  workspaceId: WorkspaceId,
  connectorId: string,
): Promise<void> {
  await inTransaction(ctx, workspaceId, async ({ tx }) => {
    const [made] = await tx
      .insert(tasks)
      .values({ id: newId.task(), workspaceId, kind: 'release-artifacts', place: 'connector', connectorId })
      .onConflictDoNothing()
      .returning({ id: tasks.id });
    if (made) await hintTasks(tx, connectorId);
  });
}
