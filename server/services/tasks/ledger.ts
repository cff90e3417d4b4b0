// The ledger as a holder writes it: declare before the thing is made, confirm when its id is known or it is gone.
import { and, eq } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { artifacts, tasks } from '../../../db/schema/index.ts';
import type { Artifact, ArtifactKind, ArtifactState } from '../../../replication/model/artifact.ts';
import { type Fault, faultError } from '../../../replication/model/fault.ts';
import { inTransaction, type ServiceContext } from '../context.ts';
import { toArtifact } from './claim.ts';
import { type Held, lockHeld } from './held.ts';

export interface Declaration {
  kind: ArtifactKind;
  /** The same token never makes a second row. */
  token: string;
  diskId: string | null;
  details: Record<string, string>;
}

/** The row for this token: the new one, or the one that an earlier try declared. */
export async function declareArtifact(
  ctx: ServiceContext,
  workspaceId: string,
  held: Held,
  input: Declaration,
): Promise<Artifact> {
  return inTransaction(ctx, workspaceId, async ({ tx }) => {
    const { task } = await lockHeld(tx, held);
    const [made] = await tx
      .insert(artifacts)
      .values({
        id: newId.artifact(),
        workspaceId,
        runId: task.runId,
        connectorId: task.connectorId,
        fence: held.fence,
        ...input,
      })
      .onConflictDoNothing({ target: artifacts.token })
      .returning();
    if (made) return toArtifact(made);
    const [before] = await tx.select().from(artifacts).where(eq(artifacts.token, input.token));
    if (!before || before.runId !== task.runId)
      throw faultError('conflict', { message: `The token ${input.token} belongs to another run.` });
    return toArtifact(before);
  });
}

export async function confirmArtifact(
  ctx: ServiceContext,
  workspaceId: string,
  held: Held,
  input: {
    artifactId: string;
    state: ArtifactState;
    externalId: string | null;
    /** Added to what is known of it. */
    details?: Record<string, string> | undefined;
    fault?: Fault;
  },
): Promise<void> {
  await inTransaction(ctx, workspaceId, async ({ tx, event }) => {
    const { task, run } = await lockHeld(tx, held);
    const owner = task.runId
      ? eq(artifacts.runId, task.runId)
      : task.connectorId
        ? eq(artifacts.connectorId, task.connectorId)
        : undefined;
    const [row] = await tx
      .select()
      .from(artifacts)
      .where(and(eq(artifacts.id, input.artifactId), owner))
      .for('update');
    if (!row) throw faultError('not-found', { message: `There is no artifact ${input.artifactId} of this work.` });
    await tx
      .update(artifacts)
      .set({
        state: input.state,
        externalId: input.externalId ?? row.externalId,
        details: { ...row.details, ...input.details },
        ...(input.state === 'released' ? { releasedAt: ctx.now(), releaseFault: null } : {}),
      })
      .where(eq(artifacts.id, row.id));
    if (run) event({ topic: 'runs', subjectId: run.id, kind: 'progress', data: { jobId: run.jobId } });
  });
}

export async function checkpointTask(
  ctx: ServiceContext,
  workspaceId: string,
  held: Held,
  checkpoint: unknown,
): Promise<void> {
  await inTransaction(ctx, workspaceId, async ({ tx }) => {
    const { task } = await lockHeld(tx, held);
    await tx.update(tasks).set({ checkpoint }).where(eq(tasks.id, task.id));
  });
}
