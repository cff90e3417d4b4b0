// The ledger as a holder reads and writes it: declare before the thing is made, confirm when its id is known or it is gone.

import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { type ArtifactRow, artifacts, replicationRuns, type TaskRow } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import type { Artifact } from '../../../replication/model/artifact.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { Confirmation, Declaration } from '../../../replication/wire/gateway.ts';
import { inTransaction, type ProgramContext, type Work } from '../context.ts';
import { type Held, lockHeld, type TaskHead } from '../leases/lease.ts';
import { afterFailedRelease, dueForRelease, SOURCE_KINDS } from './due.ts';

/** The rows for these tokens, in their order: new ones, or those that an earlier try declared. */
export async function declareArtifacts(
  ctx: ProgramContext,
  workspaceId: WorkspaceId,
  held: Held,
  declared: readonly Declaration[],
): Promise<Artifact[]> {
  return inTransaction(ctx, workspaceId, async ({ tx }) => {
    const { task } = await lockHeld(tx, held);
    const { runId, connectorId } = task;
    const rows = await tx
      .insert(artifacts)
      .values(
        declared.map((one) => ({ ...one, id: newId.artifact(), workspaceId, runId, connectorId, fence: held.fence })),
      )
      .onConflictDoNothing({ target: artifacts.token })
      .returning();
    const made = new Set(rows.map(({ token }) => token));
    const known = declared.map(({ token }) => token).filter((token) => !made.has(token));
    if (known.length > 0) rows.push(...(await tx.select().from(artifacts).where(inArray(artifacts.token, known))));
    return declared.map(({ token }) => {
      const row = rows.find((one) => one.token === token);
      if (!row || row.runId !== runId)
        throw faultError('conflict', { message: `The token ${token} belongs to another run.` });
      return toArtifact(row);
    });
  });
}

/** Writes down what became of artifacts of this work: of all of them, or of none. */
export async function confirmArtifacts(
  ctx: ProgramContext,
  workspaceId: WorkspaceId,
  held: Held,
  confirmed: readonly Confirmation[],
): Promise<void> {
  await inTransaction(ctx, workspaceId, async (work) => {
    const { task, run } = await lockHeld(work.tx, held);
    await writeConfirmed(work, task, confirmed, ctx.now());
    if (run) work.event({ topic: 'runs', subjectId: run.id, kind: 'progress', data: { jobId: run.jobId } });
  });
}

/** The same within the transaction of a holder's write. Throws `not-found` for what is not this work's. */
export async function writeConfirmed(
  { tx }: Work,
  task: TaskHead,
  confirmed: readonly Confirmation[],
  at: Date,
): Promise<void> {
  const owner = task.runId
    ? eq(artifacts.runId, task.runId)
    : task.connectorId
      ? eq(artifacts.connectorId, task.connectorId)
      : undefined;
  for (const { artifactId, state, externalId, details, fault } of confirmed) {
    if (fault) {
      await tx
        .update(artifacts)
        .set(afterFailedRelease(fault))
        .where(and(eq(artifacts.id, artifactId), owner));
      continue;
    }
    const [row] = await tx
      .update(artifacts)
      .set({
        state,
        ...(externalId !== null && { externalId }),
        ...(details && { details: sql`${artifacts.details} || ${JSON.stringify(details)}::jsonb` }),
        ...(state === 'released' && { releasedAt: at, releaseFault: null }),
      })
      .where(and(eq(artifacts.id, artifactId), owner))
      .returning({ id: artifacts.id });
    if (!row) throw faultError('not-found', { message: `There is no artifact ${artifactId} of this work.` });
  }
}

/** The artifacts a holder has to know: those of its run, or all that a connector is asked to release. */
export async function artifactsFor(ctx: ProgramContext, task: TaskRow): Promise<Artifact[]> {
  const where = task.runId
    ? eq(artifacts.runId, task.runId)
    : task.kind === 'release-artifacts' && task.connectorId
      ? and(dueForRelease(), eq(artifacts.connectorId, task.connectorId), sql`${artifacts.kind} in ${SOURCE_KINDS}`)
      : undefined;
  if (!where) return [];
  const rows = await ctx.db
    .select({ artifact: artifacts })
    .from(artifacts)
    .leftJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .where(where)
    .orderBy(asc(artifacts.createdAt))
    .limit(100);
  return rows.map(({ artifact }) => toArtifact(artifact));
}

export function toArtifact(row: ArtifactRow): Artifact {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    token: row.token,
    externalId: row.externalId,
    fence: row.fence,
    diskId: row.diskId,
    details: row.details,
  };
}
