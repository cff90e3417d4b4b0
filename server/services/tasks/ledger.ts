// The ledger as a holder writes it: declare before the thing is made, confirm when its id is known or it is gone.
import { and, eq, inArray, sql } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { artifacts, tasks } from '../../../db/schema/index.ts';
import type { Artifact } from '../../../replication/model/artifact.ts';
import { type Fault, faultError } from '../../../replication/model/fault.ts';
import type { Confirmation, Declaration } from '../../../replication/wire/gateway.ts';
import { inTransaction, type ServiceContext, type Work } from '../context.ts';
import { toArtifact } from './claim.ts';
import { type Held, lockHeld, type TaskHead } from './held.ts';

/** The rows for these tokens, in their order: new ones, or those that an earlier try declared. */
export async function declareArtifacts(
  ctx: ServiceContext,
  workspaceId: string,
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
  ctx: ServiceContext,
  workspaceId: string,
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

/** Tries after which only a person can help: then it is looked at about once an hour. */
export const HOPELESS = 12;

/** A release that failed is tried again after 2, 4, 8 … 4096 seconds; what waits for a person is shown at once. */
export function afterFailedRelease(fault: Fault) {
  const attempts = fault.code === 'result-kept' ? sql`${HOPELESS}::int` : sql`${artifacts.releaseAttempts} + 1`;
  return {
    releaseAttempts: attempts,
    releaseFault: fault,
    releaseNotBefore: sql`now() + make_interval(secs => power(2, least(${attempts}, ${HOPELESS})))`,
  };
}

export async function checkpointTask(
  ctx: ServiceContext,
  workspaceId: string,
  held: Held,
  checkpoint: unknown,
): Promise<void> {
  await inTransaction(ctx, workspaceId, async ({ tx }) => {
    const { task } = await lockHeld(tx, held);
    await tx.update(tasks).set({ checkpoint, losses: 0 }).where(eq(tasks.id, task.id));
  });
}
