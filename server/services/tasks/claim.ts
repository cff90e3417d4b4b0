// Claiming work: the oldest open tasks that nobody holds, each under a new fence.

import { and, asc, eq, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm';
import { type RunRow, replicationRuns, type TaskRow, tasks } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import type { Artifact } from '../../../replication/model/artifact.ts';
import { waitsFor } from '../../../replication/model/run.ts';
import { artifactsFor } from '../artifacts/ledger.ts';
import { baselinesOf, type JobBaselines } from '../baselines/baselines.ts';
import { inTransaction, type ProgramContext } from '../context.ts';
import { MOST_LOSSES } from '../leases/lease.ts';
import { type PlaceRow, placeAt, type TargetRow, targetById } from '../targets/store.ts';

export interface ClaimedTask {
  task: TaskRow;
  run: RunRow | null;
  /** Where the run goes. */
  place: PlaceRow | null;
  /** Whose key the connector uses there. */
  connectorSignIn: TargetRow['connectorSignIn'];
  artifacts: Artifact[];
  /** What the run's disks are measured from. */
  measured: JobBaselines;
}

/**
 * Leases up to `free` tasks to a holder for `leaseSeconds` of database time. One that was lost too often is left to
 * `endAbandoned` (tasks/abandon.ts) or, when a run stands behind it, to `advanceRun`.
 */
export async function claimTasks(
  ctx: ProgramContext,
  input: {
    workspaceId: WorkspaceId | null;
    place: 'connector' | 'cloud';
    connectorId: string | null;
    holder: string;
    free: number;
    leaseSeconds: number;
  },
): Promise<ClaimedTask[]> {
  if (input.free <= 0) return [];
  const { db } = ctx;
  const open = db
    .select({ id: tasks.id })
    .from(tasks)
    .where(
      and(
        eq(tasks.state, 'open'),
        eq(tasks.place, input.place),
        input.connectorId ? eq(tasks.connectorId, input.connectorId) : undefined,
        lte(tasks.notBefore, sql`now()`),
        or(isNull(tasks.holder), and(lt(tasks.leaseUntil, sql`now()`), lt(tasks.losses, MOST_LOSSES - 1))),
      ),
    )
    .orderBy(asc(tasks.createdAt))
    .limit(input.free)
    .for('update', { skipLocked: true });
  const rows = await db
    .update(tasks)
    .set({
      holder: input.holder,
      fence: sql`${tasks.fence} + 1`,
      losses: sql`${tasks.losses} + (${tasks.holder} is not null)::int`,
      leaseUntil: sql`now() + make_interval(secs => ${input.leaseSeconds})`,
    })
    .where(inArray(tasks.id, open))
    .returning();
  const claimed: ClaimedTask[] = [];
  for (const task of rows) claimed.push(await describeClaim(ctx, task));
  return claimed;
}

async function describeClaim(ctx: ProgramContext, task: TaskRow): Promise<ClaimedTask> {
  let run: RunRow | null = null;
  if (task.runId && task.stepId) {
    const { runId, stepId } = task;
    run = await inTransaction(ctx, task.workspaceId, async ({ tx, event }) => {
      const { timeline } = replicationRuns;
      const before = sql`${timeline} -> ${stepId}::text`;
      const begun = sql`jsonb_build_object(
        'startedAt', coalesce(${before} ->> 'startedAt', ${ctx.now().toISOString()}),
        'triedAt', ${ctx.now().toISOString()}::text,
        'attempts', coalesce((${before} ->> 'attempts')::int, 0) + 1)
        || jsonb_strip_nulls(jsonb_build_object('awaySince', ${before} -> 'awaySince'))`;
      const [row] = await tx
        .update(replicationRuns)
        .set({
          timeline: sql`${timeline} || jsonb_build_object(${stepId}::text, ${begun})`,
          ...waitsFor(null),
          progress: sql`case when ${timeline} ? ${stepId}::text then ${replicationRuns.progress} end`,
        })
        .where(eq(replicationRuns.id, runId))
        .returning();
      if (row) event({ topic: 'runs', subjectId: runId, kind: 'changed', data: { jobId: row.jobId } });
      return row ?? null;
    });
  }
  const place = run ? await placeAt(ctx.db, run) : null;
  const measured = run && place ? await baselinesOf(ctx.db, run.jobId, place) : { baselines: [], revoked: {} };
  const connectorSignIn = run ? (await targetById(ctx.db, run.targetId)).connectorSignIn : 'own';
  return { task, run, place, connectorSignIn, artifacts: await artifactsFor(ctx, task), measured };
}
