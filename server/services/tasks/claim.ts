// Claiming work: the oldest open tasks that nobody holds, each under a new fence.
import { and, asc, eq, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm';
import { artifacts, connectors, images, replicationRuns, tasks } from '../../../db/schema/index.ts';
import { type Artifact, artifactKindSchema, releasedBy } from '../../../replication/model/artifact.ts';
import { baselinesOf, inBaseline, type JobBaselines } from '../baselines/baselines.ts';
import { inTransaction, type ServiceContext } from '../context.ts';
import { MOST_LOSSES, type RunRow, type TaskRow } from './held.ts';

/** What only a connector can release. */
export const SOURCE_ARTIFACTS = artifactKindSchema.options.filter((kind) => releasedBy(kind) === 'connector');

export interface ClaimedTask {
  task: TaskRow;
  run: RunRow | null;
  artifacts: Artifact[];
  /** What the run's disks are measured from. */
  measured: JobBaselines;
}

/**
 * Leases up to `free` tasks to a holder for `leaseSeconds` of database time. One that was lost too often is left to
 * `endAbandoned` (tasks/abandon.ts) or, when a run stands behind it, to `advanceRun`.
 */
export async function claimTasks(
  ctx: ServiceContext,
  input: {
    workspaceId: string | null;
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

async function describeClaim(ctx: ServiceContext, task: TaskRow): Promise<ClaimedTask> {
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
          waitingFor: null,
          progress: sql`case when ${timeline} ? ${stepId}::text then ${replicationRuns.progress} end`,
        })
        .where(eq(replicationRuns.id, runId))
        .returning();
      if (row) event({ topic: 'runs', subjectId: runId, kind: 'changed', data: { jobId: row.jobId } });
      return row ?? null;
    });
  }
  const measured = run ? await baselinesOf(ctx.db, run.jobId) : { baselines: [], revoked: {} };
  return { task, run, artifacts: await artifactsFor(ctx, task), measured };
}

/** The artifacts a holder has to know: those of its run, or all that a connector is asked to release. */
async function artifactsFor(ctx: ServiceContext, task: TaskRow): Promise<Artifact[]> {
  const where = task.runId
    ? eq(artifacts.runId, task.runId)
    : task.kind === 'release-artifacts' && task.connectorId
      ? and(dueForRelease(), eq(artifacts.connectorId, task.connectorId), inArray(artifacts.kind, SOURCE_ARTIFACTS))
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

/** Condition on artifacts joined with their run: nothing needs them any more, and they may be tried now. */
export function dueForRelease() {
  return and(
    sql`${artifacts.state} <> 'released'`,
    lte(artifacts.releaseNotBefore, sql`now()`),
    sql`${artifacts.kind} <> 'instance'`,
    // What could not be removed from the source when its step came is tried on beside the rest of the run.
    sql`(${replicationRuns.state} not in ('pending', 'active') or (${replicationRuns.state} = 'active'
      and ${artifacts.kind} in ('vsphere-snapshot', 'nfc-lease') and ${replicationRuns.timeline} -> 'release-snapshot' ? 'endedAt'))`,
    sql`not (${replicationRuns.state} = 'completed' and ${artifacts.kind} in ('image', 'ebs-snapshot'))`,
    sql`not ${inBaseline()}`,
    sql`not ${inRecordedImage()}`,
  );
}

/** Condition on artifacts: it is an AMI that the console shows, or a part of one. What became of its run later changes nothing. */
function inRecordedImage() {
  return sql`(${artifacts.kind} in ('image', 'ebs-snapshot') and exists (select 1 from ${images}
    where ${images.deregisteredAt} is null and ${images.workspaceId} = ${artifacts.workspaceId}
      and (${images.id} = ${artifacts.externalId} or ${images.snapshotIds} ? ${artifacts.externalId})))`;
}

export function toArtifact(row: typeof artifacts.$inferSelect): Artifact {
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

/**
 * What ended runs still have on the source's side of a run's server, whichever job they were of and through whichever
 * connector of the VM manager; the run waits for that.
 */
export async function openSourceArtifacts(
  ctx: ServiceContext,
  run: { connectorId: string; workspaceId: string; vmId: string },
): Promise<number> {
  const [row] = await ctx.db
    .select({ count: sql<number>`count(*)::int` })
    .from(artifacts)
    .innerJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .innerJoin(connectors, eq(connectors.id, artifacts.connectorId))
    .where(
      and(
        eq(artifacts.workspaceId, run.workspaceId),
        sql`${artifacts.details} ->> 'vmId' = ${run.vmId}`,
        sql`${connectors.vmManagerId} = (select own.vm_manager_id from ${connectors} own where own.id = ${run.connectorId})`,
        sql`${artifacts.state} <> 'released'`,
        inArray(artifacts.kind, SOURCE_ARTIFACTS),
        sql`${replicationRuns.state} not in ('pending', 'active')`,
      ),
    );
  return row?.count ?? 0;
}
